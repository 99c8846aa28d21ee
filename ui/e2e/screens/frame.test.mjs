// What is the same on every screen: keys, text of others, the first start, credentials, settings.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { open, settled, site, total } from './support.mjs';

test('hostile_text_stays_text_clipped_and_in_order', async () => {
  const { page, done } = await open('scene=hostile&window=on', 'alerts');
  await page.getByTestId('alert-row').first().click();
  await page.getByTestId('alert-detail').waitFor();
  assert.equal(await page.locator('main img, main script, main b[onmouseover]').count(), 0);
  const text = await page.locator('body').innerText();
  assert.ok(text.includes('⟨U+202E⟩'));
  assert.ok(!/[\u202a-\u202e\u2066-\u2069]/.test(text));
  assert.ok(text.length < 40_000, `${text.length} characters on screen`);
  assert.ok(
    await page.evaluate(() => document.documentElement.scrollWidth <= window.innerWidth),
    'nothing is pushed out of the window',
  );
  for (const hash of ['overview', 'maintenance', 'overview/cache-hit-ratio']) {
    await page.goto(`${site}?scene=hostile&window=on#/${hash}`);
    await page.reload();
    await page.getByTestId('open-palette').waitFor();
    await settled(page);
    const wide = await page.evaluate(
      () =>
        [document.documentElement, document.querySelector('main')].filter((e) => e.scrollWidth > e.clientWidth + 1)
          .length,
    );
    assert.equal(wide, 0, `${hash} does not scroll sideways`);
  }
  assert.equal(await page.title(), '(7, 2 muted · 1 critical) Overview – AetherLink');
  await done();
});

test('every_screen_is_usable_by_keyboard_alone', async () => {
  const { page, done } = await open('scene=loaded', 'overview');
  await page.keyboard.press('g');
  await page.keyboard.press('a');
  await page.getByTestId('alerts').waitFor();
  await page.keyboard.press('/');
  await page.keyboard.type('severity="critical" ');
  await total(page, '2 alerts');
  await page.keyboard.press('Backspace');
  await page.keyboard.press('Escape');
  await total(page, '9 alerts');
  await page.keyboard.press('Control+k');
  await page.keyboard.type('settings');
  await page.keyboard.press('Enter');
  await page.getByTestId('settings').waitFor();
  await page.locator('#main').focus();
  await page.keyboard.press('m');
  await page.keyboard.type('Deploy');
  await page.keyboard.press('Enter');
  await page.getByTestId('start-done').waitFor();
  assert.match(await page.getByTestId('start-result').innerText(), /Verified on 3 of 3/);
  await page.keyboard.press('Escape');
  assert.equal(await page.getByTestId('maintenance-switch').getAttribute('data-state'), 'on');
  await page.keyboard.press('Control+k');
  await page.keyboard.type('end the window');
  await page.keyboard.press('Enter');
  await page.getByTestId('end-confirm').focus();
  await page.keyboard.press('Enter');
  await page.getByTestId('ended').waitFor();
  await page.getByTestId('end-done').focus();
  await page.keyboard.press('Enter');
  assert.equal(await page.getByTestId('maintenance-switch').getAttribute('data-state'), 'off');
  await done();
});

test('credential_is_sent_to_another_server_only_after_consent_that_names_it', async () => {
  const { page, done } = await open('scene=loaded&origin=changed', 'overview');
  await page.getByTestId('banner-origin-alertmanager').getByRole('button', { name: 'Review' }).click();
  const question = page.getByTestId('trust-question');
  const text = await question.innerText();
  assert.ok(
    text.includes('http://alertmanager.changed.test:9093') && text.includes('https://alertmanager.example.com'),
    text,
  );
  assert.ok(text.includes('unencrypted'), text);
  await page.keyboard.press('Escape');
  assert.equal(await question.count(), 0);
  await page.getByTestId('banner-origin-alertmanager').getByRole('button', { name: 'Review' }).click();
  await page.getByTestId('trust-send').click();
  await page.getByText('will now be sent to http://alertmanager.changed.test:9093').waitFor();
  assert.equal(await page.getByTestId('trust-dialog').count(), 0);
  await done();
});

test('stored_credential_is_not_in_the_page', async () => {
  const { page, done } = await open('scene=loaded', 'settings');
  await page.getByTestId('tab-credentials').click();
  const form = page.getByTestId('secret-grafana/token');
  assert.equal(await form.getByTestId('secret-input').getAttribute('type'), 'password');
  await form.getByTestId('secret-input').fill('glsa_hunter2');
  await form.getByTestId('secret-save').click();
  await form.getByText('in the keyring').waitFor();
  assert.equal(await form.getByTestId('secret-input').inputValue(), '');
  assert.ok(!(await page.content()).includes('hunter2'));
  await done();
});

test('first_start_ends_on_the_overview_or_is_skipped', async () => {
  for (const skip of [true, false]) {
    const { page, done } = await open('scene=first', 'overview');
    await page.getByTestId('found-prometheus').waitFor();
    if (skip) await page.getByTestId('first-skip').click();
    else {
      await page.getByTestId('first-next').click();
      await page.getByText('reachable').first().waitFor();
      await page.getByTestId('first-next').click();
      await page.getByTestId('first-save').click();
    }
    await page.getByTestId('gauges').waitFor();
    await done();
  }
});

test('first_paint_is_marked_only_once_a_gauge_is_painted', async () => {
  const shown = await open('scene=loaded', 'overview');
  await shown.page.waitForFunction(() => document.documentElement.dataset.ready === '1');
  assert.equal(await shown.page.evaluate(() => performance.getEntriesByName('first-gauge').length), 1);
  await shown.done();
  const never = await open('scene=never', 'overview');
  assert.equal(await never.page.evaluate(() => document.documentElement.dataset.ready), undefined);
  assert.equal(await never.page.evaluate(() => document.documentElement.dataset.shell), '1');
  await never.done();
});

test('custom_checks_and_vip_tenants_are_validated_before_they_are_saved', async () => {
  const { page, done } = await open('scene=loaded', 'settings');
  await page.getByTestId('own-check').first().waitFor();
  assert.equal(await page.getByTestId('own-check').count(), 2);
  assert.equal(
    await page.getByTestId('own-query').first().inputValue(),
    'max by ($tenant_label) (aether_queue_length)',
  );
  await page.getByTestId('own-add').click();
  await page.getByTestId('own-title').last().fill('Workers');
  await page.getByTestId('own-query').last().fill('count(up{job="worker"} == 1)');
  await page.getByTestId('own-expect').last().fill('about 3');
  await page.getByTestId('stack-save').click();
  assert.match(await page.getByTestId('own-problem').innerText(), /such as > 0/);
  await page.getByTestId('own-expect').last().fill('>= 3');
  assert.equal(await page.getByTestId('own-problem').count(), 0);
  await page.getByRole('button', { name: 'Remove vip-customer-456' }).click();
  await page.getByTestId('vip-add').click();
  await page.keyboard.type('globex');
  await page.keyboard.press('Enter');
  await page.keyboard.type('acme');
  await page.getByTestId('stack-save').click();
  await page.getByText('production saved').waitFor();
  assert.equal(await page.getByTestId('own-check').count(), 3, 'the form shows what was saved');
  assert.deepEqual(await page.getByTestId('vip-name').evaluateAll((all) => all.map((one) => one.value)), [
    'vip-customer-123',
    'partner-abc',
    'globex',
    'acme',
  ]);
  await page.getByTestId('own-remove').first().click();
  await page.getByTestId('stack-save').click();
  await page.waitForFunction(() => document.querySelectorAll('[data-testid="own-check"]').length === 2);
  await done();
});

test('smallest_size_neither_cuts_nor_covers_lights_rule_names_and_version_chains', async () => {
  const { page, done } = await open('scene=loaded&window=on', 'rules');
  await page.setViewportSize({ width: 960, height: 600 });
  await settled(page);
  const box = (one) => one.boundingBox();
  const lights = await box(page.locator('.lights'));
  for (const service of ['prometheus', 'alertmanager', 'grafana']) {
    const light = await box(page.getByTestId(`light-${service}`));
    assert.ok(light.x + light.width <= lights.x + lights.width + 1, `${service} is cut`);
  }
  const name = page.getByTestId('rule-open').first();
  await name.waitFor();
  assert.ok((await box(name)).width > 80, 'the name of a rule has room');
  const title = await box(page.getByTestId('rules').locator('h1'));
  const refresh = await box(page.getByTestId('rules-refresh'));
  assert.ok(refresh.y < title.y + title.height, 'the header of the rules is one row');
  await page.getByTestId('nav-maintenance').click();
  const report = page.getByTestId('past-closeout').first();
  await report.waitFor();
  const history = await box(page.getByTestId('past-windows'));
  const button = await box(report);
  assert.ok(button.x + button.width <= history.x + history.width, 'the history of windows stays inside its card');
  const reason = await box(page.getByTestId('silence').first().locator('.reason .clip'));
  assert.ok(reason.width > 60, 'the reason of a silence has room');
  await page.getByTestId('nav-versions').click();
  const row = page.getByTestId('pin-row').first();
  await row.waitFor();
  const links = await row.getByTestId('pin-link').all();
  const last = await box(links.at(-1));
  const verdict = await box(row.locator('.verdict'));
  const apart = last.y >= verdict.y + verdict.height || last.x + last.width <= verdict.x;
  assert.ok(apart, 'the chain does not run into its verdict');
  await done();
});

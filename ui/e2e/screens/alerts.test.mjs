// Alerts: the list, its filter, groups, saved lists, history, one alert opened, clocks.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { violations } from '../axe.mjs';
import { open, settled, total } from './support.mjs';

test('list_of_fifty_thousand_alerts_renders_one_screenful', async () => {
  const { page, done } = await open('scene=huge', 'alerts');
  assert.equal(await page.getByTestId('alerts-total').innerText(), '49,999 alerts');
  assert.ok((await page.getByTestId('alert-row').count()) < 60);
  await page.getByTestId('alert-row').first().focus();
  await page.keyboard.press('End');
  await page.locator('[data-index="49998"][data-fingerprint]').waitFor();
  assert.ok((await page.getByTestId('alert-row').count()) < 60);
  await page.keyboard.press('Enter');
  await page.getByTestId('alert-detail').waitFor();
  await done();
});

test('click_on_a_label_adds_it_to_the_filter', async () => {
  const { page, done } = await open('scene=loaded', 'alerts');
  await page.getByTestId('alert-row').nth(3).click();
  await page.getByTestId('label').filter({ hasText: 'tenant_id' }).click();
  await total(page, '1 alert');
  await page.getByTestId('filter-clear').click();
  await total(page, '9 alerts');
  await done();
});

test('empty_list_states_why_it_is_empty', async () => {
  for (const [scene, id] of [
    ['calm', 'alerts-none'],
    ['never', 'alerts-never'],
  ]) {
    const { page, done } = await open(`scene=${scene}`, 'alerts');
    await page.getByTestId(id).waitFor();
    await done();
  }
  const { page, done } = await open('scene=loaded', 'alerts');
  await page.getByTestId('alerts-filter').fill('nosuchthing');
  await page.getByTestId('alerts-filtered').waitFor();
  await page.getByTestId('alerts-filter').fill('a="');
  await page.getByTestId('filter-error').waitFor();
  await done();
});

test('alerts_are_grouped_by_nested_labels_and_a_group_opens_as_a_filter', async () => {
  const { page, done } = await open('scene=loaded', 'alerts');
  for (const label of ['alertname', 'tenant_id']) {
    await page.getByTestId('group-by').getByRole('button').click();
    await page.getByTestId('group-by').getByRole('menuitem', { name: label }).click();
  }
  await page.getByTestId('alert-group').filter({ hasText: 'shop-12' }).waitFor();
  const outer = page.getByTestId('alert-group').filter({ hasText: 'CacheEffectivenessDrop' }).first();
  assert.match(await outer.innerText(), /\d/);
  assert.deepEqual(await violations(page), []);
  await page.getByTestId('alert-group').filter({ hasText: 'shop-12' }).click();
  await page.waitForFunction(() => document.querySelectorAll('[data-testid="alert-row"]').length === 1);
  assert.match(await page.getByTestId('alert-row').innerText(), /CacheEffectivenessDrop/);
  await done();
});

test('filter_suggests_label_names_and_values_and_accepts_them_by_keyboard', async () => {
  const { page, done } = await open('scene=loaded', 'alerts');
  const box = page.getByTestId('alerts-filter');
  await box.pressSequentially('ten');
  await page.getByTestId('suggestion').filter({ hasText: 'tenant_id' }).waitFor();
  assert.deepEqual(await violations(page), []);
  await page.keyboard.press('ArrowDown');
  await page.keyboard.press('Enter');
  assert.equal(await box.inputValue(), 'tenant_id=');
  await box.pressSequentially('acm');
  await page.getByTestId('suggestion').filter({ hasText: 'acme' }).waitFor();
  await page.keyboard.press('ArrowDown');
  await page.keyboard.press('Tab');
  await page.waitForFunction(() => document.querySelectorAll('[data-testid="alert-row"]').length === 1);
  assert.match(await page.locator('.token').innerText(), /tenant_id="acme"/);
  await done();
});

test('history_counts_episodes_and_narrows_to_one_alert', async () => {
  const { page, done } = await open('scene=loaded', 'alerts');
  await page.getByTestId('alerts-part').locator('label:has([data-value="history"])').click();
  await page.getByTestId('history-name').first().waitFor();
  const all = await page.getByTestId('episode').count();
  assert.ok(all > 3);
  assert.deepEqual(await violations(page), []);
  await page.getByTestId('history-name').filter({ hasText: 'HealthScoreDegradation' }).getByRole('button').click();
  await page.waitForFunction(() => document.querySelectorAll('[data-testid="history-name"]').length === 1);
  assert.ok((await page.getByTestId('episode').count()) < all);
  await page.getByTestId('alerts-part').locator('label:has([data-value="now"])').click();
  await page.waitForFunction(() => document.querySelectorAll('[data-testid="alert-row"]').length === 1);
  await done();
  const none = await open('scene=empty', 'alerts');
  await none.page.getByTestId('alerts-part').locator('label:has([data-value="history"])').click();
  await none.page.getByTestId('history-none').waitFor();
  await none.done();
});

test('alert_shows_its_rule_value_and_past_silences_and_is_silenced_from_there', async () => {
  const { page, done } = await open('scene=loaded', 'alerts');
  await page.getByTestId('alert-row').first().click();
  const detail = page.getByTestId('alert-detail');
  await detail.getByTestId('figure').waitFor();
  assert.match(await detail.innerText(), /fires < 30, after 15 min/);
  assert.deepEqual(await violations(page), []);
  await page.getByTestId('silence-this').click();
  await page.getByTestId('start-dialog').waitFor();
  const matchers = await page.getByTestId('start-dialog').locator('button.matcher').allInnerTexts();
  assert.ok(
    matchers.includes('alertname="LowConfidenceSpikeVIP"') && matchers.includes('tenant_id="vip-customer-123"'),
    matchers.join(' '),
  );
  await page.keyboard.press('Escape');
  await done();
});

test('acknowledgment_has_a_note_can_be_undone_and_never_silences', async () => {
  const { page, done } = await open('scene=loaded', 'alerts');
  assert.match(await page.getByTestId('alert-row').first().getByTestId('escalation').innerText(), /^\d:\d\d$/);
  await page.getByTestId('alert-row').first().click();
  await page.getByTestId('ack-note').fill('Looking at the model');
  await page.getByTestId('ack-confirm').click();
  await page.getByTestId('ack-undo').waitFor();
  assert.match(await page.getByTestId('acknowledge').innerText(), /alice acknowledged this · .+: Looking at the model/);
  assert.equal(
    await page.getByTestId('alert-row').first().getByTestId('alert-state').getAttribute('data-state'),
    'firing',
  );
  await page.getByTestId('alert-row').first().getByTestId('acknowledged').waitFor();
  assert.deepEqual(await violations(page), []);
  await page.getByTestId('ack-undo').click();
  await page.getByTestId('ack-confirm').waitFor();
  await done();
});

test('saved_list_opens_by_name_and_from_the_palette_and_is_deleted', async () => {
  const { page, done } = await open('scene=loaded', 'alerts');
  await page.getByTestId('alerts-filter').fill('tenant_id=~"vip.*" ');
  await page.getByTestId('severity-critical').click();
  await settled(page);
  await total(page, '1 alert');
  await page.getByTestId('saved-lists').getByRole('button').click();
  await page.getByRole('menuitem', { name: 'Save this list' }).click();
  await page.keyboard.type('VIP trouble');
  await page.keyboard.press('Enter');
  await page.getByTestId('saved-filters').waitFor({ state: 'detached' });
  await page.getByTestId('filter-clear').click();
  await page.getByTestId('severity-critical').click();
  await settled(page);
  await total(page, '9 alerts');
  await page.keyboard.press('Control+k');
  await page.keyboard.type('vip trouble');
  await settled(page);
  await page.keyboard.press('Enter');
  await total(page, '1 alert');
  await page.locator('[data-testid="severity-critical"][aria-pressed="true"]').waitFor();
  await page.getByTestId('saved-lists').getByRole('button').click();
  await page.getByRole('menuitem', { name: 'Manage' }).click();
  await page.getByRole('button', { name: 'Delete VIP trouble' }).click();
  await page.waitForFunction(
    () => !document.querySelector('[data-testid="saved-list"]')?.textContent?.includes('VIP trouble'),
  );
  await done();
});

test('chosen_columns_include_labels_and_are_dropped_when_narrow', async () => {
  const { page, done } = await open('scene=loaded', 'alerts');
  await page.getByTestId('columns').getByRole('button').click();
  await page.getByRole('menuitemcheckbox', { name: 'instance label' }).click();
  await page.getByRole('menuitemcheckbox', { name: 'Value' }).click();
  await page.keyboard.press('Escape');
  await page.setViewportSize({ width: 1920, height: 1080 });
  await page.locator('[data-column="label:instance"]').first().waitFor();
  assert.equal(await page.locator('[data-column="label:instance"]').first().innerText(), 'api-1:8000');
  assert.equal(await page.locator('[data-column="value"]').count(), 0);
  await page.setViewportSize({ width: 960, height: 700 });
  await page.locator('[data-column="label:instance"]').first().waitFor({ state: 'detached' });
  await page.locator('[data-column="state"]').first().waitFor();
  await done();
});

test('link_opens_the_list_it_was_copied_from', async () => {
  const { page, done } = await open(
    'scene=loaded',
    'alerts?filter=tenant_id%3D~%22shop.*%22&state=firing&group=tenant_id',
  );
  await page.getByTestId('alert-groups').waitFor();
  assert.equal(await page.getByTestId('alert-group').count(), 2);
  await page.context().grantPermissions(['clipboard-read', 'clipboard-write']);
  await page.getByTestId('list-more').getByRole('button').click();
  await page.getByRole('menuitem', { name: 'Copy link' }).click();
  assert.equal(
    await page.evaluate(() => navigator.clipboard.readText()),
    'aetherlink://alerts?filter=tenant_id%3D%7E%22shop.*%22&state=firing&group=tenant_id',
  );
  await done();
});

test('alerts_are_filtered_by_receiver', async () => {
  const { page, done } = await open('scene=loaded', 'alerts');
  await page.getByTestId('receivers').getByRole('button').click();
  await page.getByRole('menuitemcheckbox', { name: /pager/ }).click();
  await total(page, '2 alerts');
  await page.getByRole('menuitemcheckbox', { name: /slack-ops/ }).click();
  await total(page, '9 alerts');
  await done();
});

test('export_reports_its_path_or_why_it_failed', async () => {
  const { page, done } = await open('scene=loaded', 'alerts');
  await page.getByTestId('list-more').getByRole('button').click();
  await page.getByRole('menuitem', { name: 'Export as CSV' }).click();
  await page.getByText('Exported 9 alerts to /home/alice/Downloads/').waitFor();
  await done();
  const full = await open('scene=loaded&disk=full', 'alerts');
  await full.page.getByTestId('list-more').getByRole('button').click();
  await full.page.getByRole('menuitem', { name: 'Export as JSON' }).click();
  await full.page.getByText('Failed to export the list.').waitFor();
  await full.done();
});

test('annotations_are_markdown_without_scripts_or_external_content', async () => {
  const { page, done } = await open('scene=loaded', 'alerts');
  await page.getByTestId('alert-row').first().click();
  const detail = page.getByTestId('alert-detail');
  assert.equal(await detail.locator('ol li').count(), 2);
  assert.equal(await detail.locator('.md strong').first().innerText(), '47.2');
  await done();
  const hostile = await open('scene=hostile', 'alerts');
  for (let i = 0; i < 6; i += 1) {
    await hostile.page.getByTestId('alert-row').nth(i).click();
    await settled(hostile.page);
    assert.equal(
      await hostile.page
        .getByTestId('alert-detail')
        .locator('a, img, script, iframe, style, [onerror], [href]')
        .count(),
      0,
    );
  }
  await hostile.done();
});

test('severity_is_shown_as_the_label_has_it_and_found_by_typing_it', async () => {
  const { page, done } = await open('scene=loaded', 'alerts');
  const shown = () => page.getByTestId('alert-row').getByTestId('severity-shown').allInnerTexts();
  await page.getByTestId('alert-row').first().waitFor();
  assert.ok((await shown()).includes('general'), 'the value, not its level');
  await page.getByTestId('alerts-filter').fill('general');
  await page.keyboard.press('Enter');
  await page.waitForFunction(() =>
    [...document.querySelectorAll('[data-testid="severity-shown"]')].every((cell) => cell.textContent === 'general'),
  );
  assert.ok((await shown()).length > 0);
  await done();
});

test('alert_is_acknowledged_in_the_header_of_its_runbook', async () => {
  const { page, done } = await open('scene=loaded', 'alerts');
  await page.getByTestId('alert-row').first().click();
  await page.getByTestId('runbook-this').click();
  const header = page.getByTestId('runbook-alert');
  await header.getByTestId('runbook-ack').click();
  await header.getByTestId('acknowledged').waitFor();
  await header.getByTestId('runbook-ack-undo').click();
  await header.getByTestId('runbook-ack').waitFor();
  await done();
});

test('escalated_alert_is_calm_in_the_list_and_in_its_runbook', async () => {
  const { page, done } = await open('scene=loaded', 'alerts');
  const row = page.locator('[data-testid="alert-row"]:has([data-testid="escalation"])').first();
  await row.click();
  const detail = page.getByTestId('alert-detail');
  await detail.getByTestId('escalation-mark').click();
  await detail.getByTestId('escalation-note').fill('Paged Bob.');
  await detail.getByTestId('escalation-confirm').click();
  const marked = page.getByTestId('alert-row').first().getByTestId('escalated');
  await marked.waitFor();
  assert.match(await marked.innerText(), /escalated by alice/);
  assert.match(await marked.getAttribute('title'), /Paged Bob\./);
  assert.equal(await page.getByTestId('alert-row').first().getByTestId('escalation').count(), 0);
  await detail.getByTestId('runbook-this').click();
  const header = page.getByTestId('runbook-alert');
  assert.match(await header.getByTestId('escalated').innerText(), /escalated by alice/);
  assert.equal(await header.getByTestId('escalation').count(), 0);
  // Undone in the runbook, and its header follows.
  await page.getByTestId('runbook-call').getByTestId('escalation-undo').click();
  await header.getByTestId('escalation').waitFor();
  await done();
});

test('escalation_clock_names_the_contact_and_records_the_call', async () => {
  const { page, done } = await open('scene=loaded', 'overview');
  const card = page.getByTestId('escalation-card');
  const health = card.locator('[data-rule="health"]');
  await health.getByTestId('escalation-open').click();
  assert.match(await health.innerText(), /Next contact: the incident commander/);
  await health.getByTestId('escalation-mail').click();
  await health.getByTestId('escalation-mark').click();
  await health.getByTestId('escalation-note').fill('Told Bob.');
  await health.getByTestId('escalation-confirm').click();
  const marked = card.locator('[data-rule="health"][data-stage="settled"]');
  await marked.waitFor();
  assert.match(await marked.innerText(), /alice.*Told Bob\./);
  await marked.getByTestId('escalation-undo').click();
  await card.locator('[data-rule="health"][data-stage="running"]').waitFor();
  // The same clock stands in the alert and in its runbook.
  await card.locator('[data-rule="vip"]').getByRole('button').first().click();
  await page.getByTestId('runbook-call').waitFor();
  assert.match(await page.getByTestId('runbook-call').innerText(), /Escalation|acknowledged/);
  await done();
  const hostile = await open('scene=hostile', 'overview');
  const first = hostile.page.getByTestId('escalation-clock').first();
  if (await first.getByTestId('escalation-open').count()) await first.getByTestId('escalation-open').click();
  await first.getByTestId('escalation-chat').click();
  await first.getByTestId('error').waitFor();
  assert.equal(await hostile.page.getByTestId('escalation-card').locator('a, img, script, [href]').count(), 0);
  await hostile.done();
});

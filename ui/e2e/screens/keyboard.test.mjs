// Lists, dialogs and screens by keyboard: where the focus is, and what a key does there.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { click, open, settled, total } from './support.mjs';

/** What the focus is on: the row's `data-row` attribute, else a test id or a tag. */
const focus = (page) =>
  page.evaluate(() => {
    const at = document.activeElement;
    const row = at.closest('[data-row], [data-index]');
    return row?.dataset.row ?? row?.dataset.fingerprint ?? at.dataset.testid ?? at.tagName.toLowerCase();
  });
const press = async (page, ...keys) => {
  for (const key of keys) {
    await page.keyboard.press(key);
    await settled(page);
  }
};

test('list_of_alerts_has_the_focus_moves_opens_and_acts_by_single_keys', async () => {
  const { page, done } = await open('scene=loaded', 'overview');
  await press(page, 'g', 'a');
  await page.getByTestId('alert-row').first().waitFor();
  await settled(page);
  const rows = await page.getByTestId('alert-row').evaluateAll((all) => all.map((one) => one.dataset.fingerprint));
  assert.equal(await focus(page), rows[0], 'the list has the focus');
  await press(page, 'ArrowDown', 'ArrowDown', 'ArrowUp');
  assert.equal(await focus(page), rows[1]);
  await press(page, 'Enter');
  await page.getByTestId('alert-detail').waitFor();
  await press(page, 'ArrowDown');
  assert.equal(await page.getByTestId('alert-row').nth(2).getAttribute('aria-selected'), 'true', 'the drawer follows');
  await press(page, 'Escape');
  assert.equal(await page.getByTestId('alert-detail').count(), 0);
  assert.equal(await focus(page), rows[2], 'the row has the focus again');

  const acknowledged = await page.getByTestId('acknowledged').count();
  await press(page, 'Home', 'a');
  const notice = page.getByTestId('notice').last();
  assert.match(await notice.innerText(), /Acknowledged LowConfidenceSpikeVIP/);
  assert.equal(await page.getByTestId('acknowledged').count(), acknowledged + 1);
  await press(page, 'a');
  await page.getByText('already acknowledged by alice').waitFor();
  await page.getByTestId('notice-action').first().click();
  await page.getByText('Acknowledgment of LowConfidenceSpikeVIP').waitFor();
  await page.waitForFunction(
    (n) => document.querySelectorAll('[data-testid="acknowledged"]').length === n,
    acknowledged,
  );

  await page.getByTestId('alert-row').first().focus();
  await press(page, 's');
  assert.match(await page.getByRole('dialog').innerText(), /LowConfidenceSpikeVIP/);
  await press(page, 'Escape');
  assert.equal(await focus(page), rows[0], 'the focus returns from the dialog');
  await press(page, 'g', 'a');
  assert.equal(await page.getByText('already acknowledged').count(), 1, 'the second key of a sequence acts on no row');
  await press(page, '/');
  assert.equal(await focus(page), 'alerts-filter');
  await press(page, 'ArrowDown');
  assert.equal(await focus(page), rows[0], 'the arrow leads from the filter into the list');
  await press(page, 'r');
  await page.getByTestId('runbook-alert').waitFor();
  await done();
});

test('every_list_takes_the_focus_and_moves_by_arrows', async () => {
  const { page, done } = await open('scene=loaded&window=on', 'overview');
  for (const [screen, next] of [
    ['maintenance', null],
    ['backups', null],
    ['versions', null],
    ['rules', null],
    ['runbooks', null],
    ['checks', null],
    ['backups', 'dashboard'],
  ]) {
    await page.getByTestId('nav-overview').click();
    await page.getByTestId(`nav-${screen}`).click();
    await page.locator('main [data-row]').first().waitFor();
    await settled(page);
    if (next) {
      await press(page, 'ArrowDown', 'Enter');
      await page.getByTestId(next).first().waitFor();
      await settled(page);
    }
    const first = await focus(page);
    assert.ok(
      await page.evaluate(() => document.activeElement.closest('[data-row]') !== null),
      `${screen} has ${first}`,
    );
    await press(page, 'ArrowDown');
    const second = await focus(page);
    assert.notEqual(second, first, `${screen} moves down`);
    await press(page, 'ArrowUp');
    assert.equal(await focus(page), first, `${screen} moves up`);
    const stops = await page.evaluate(
      () =>
        document.activeElement
          .closest('[data-list]')
          .querySelectorAll('[data-row][tabindex="0"], [data-row] [data-open][tabindex="0"]').length,
    );
    assert.equal(stops, 1, `${screen}: Tab reaches one row`);
  }
  await done();
});

test('parts_of_a_backup_grouped_alerts_history_and_training_move_by_arrows', async () => {
  const { page, done } = await open('scene=loaded', 'backups');
  await page.getByTestId('backup-open').nth(1).click();
  for (const tab of ['alerting', 'configs', 'other', 'files', 'blocks', 'compare']) {
    await click(`tab-${tab}`)(page);
    const rows = page.locator('main [data-list] [data-row]');
    await rows.first().waitFor();
    await settled(page);
    await page.locator('main [data-list] [tabindex="0"]').first().focus();
    const first = await focus(page);
    await press(page, 'ArrowDown');
    if ((await rows.count()) > 1) assert.notEqual(await focus(page), first, tab);
  }
  await page.goto(page.url().replace(/#.*/, '#/runbooks/training'));
  await page.getByTestId('task').first().waitFor();
  await settled(page);
  await page.locator('[data-list="tasks"] [tabindex="0"]').first().focus();
  await press(page, 'ArrowDown');
  assert.equal(await focus(page), 'bookmark-grafana');
  await press(page, 'End', 'ArrowDown');
  assert.equal(await page.evaluate(() => document.activeElement.closest('[data-list]').dataset.list), 'drills');
  await page.goto(page.url().replace(/#.*/, '#/alerts?group=severity'));
  await page.reload();
  await page.getByTestId('alert-group').first().waitFor();
  await settled(page);
  await page.getByTestId('alert-group').first().focus();
  await press(page, 'ArrowDown', 'Enter');
  await page.getByTestId('alert-row').first().waitFor();
  await page.getByTestId('alerts-part').getByText('History').click();
  await page.getByTestId('history-name').first().waitFor();
  await settled(page);
  await page.locator('[data-list="alert-history"] [tabindex="0"]').focus();
  const name = await focus(page);
  await press(page, 'ArrowDown');
  assert.notEqual(await focus(page), name);
  await done();
});

test('back_leads_to_the_row_and_the_place_that_were_left', async () => {
  const { page, done } = await open('scene=loaded', 'overview');
  await page.setViewportSize({ width: 1280, height: 500 });
  const scrolled = () => page.evaluate(() => document.getElementById('main').scrollTop);
  await page.evaluate(() => (document.getElementById('main').scrollTop = 200));
  const left = await scrolled();
  assert.ok(left > 100, `${left}`);
  await page.getByTestId('nav-backups').click();
  await page.getByTestId('backup-row').first().waitFor();
  await settled(page);
  assert.equal(await scrolled(), 0, 'another screen opens at its top');
  await press(page, 'ArrowDown', 'ArrowDown', 'ArrowDown');
  const row = await focus(page);
  await press(page, 'Enter');
  await page.getByTestId('backup').waitFor();
  await settled(page);
  assert.equal(await scrolled(), 0);
  await page.goBack();
  await page.getByTestId('backup-row').first().waitFor();
  await settled(page);
  assert.equal(await focus(page), row);
  await page.getByTestId('nav-overview').click();
  await settled(page);
  assert.equal(await scrolled(), left, 'a screen opens where it was left');
  await done();
});

test('opened_alert_leaves_the_filter_and_is_shown_although_the_filter_hides_it', async () => {
  const { page, done } = await open('scene=loaded', 'alerts');
  await page.keyboard.press('/');
  await page.keyboard.type('severity="warning" ');
  await page.waitForFunction(
    () => !document.querySelector('[data-testid="alerts-total"]')?.textContent.startsWith('9'),
  );
  await settled(page);
  const count = await page.getByTestId('alerts-total').innerText();
  const rows = await page.getByTestId('alert-row').evaluateAll((all) => all.map((one) => one.dataset.fingerprint));
  await page.evaluate(() => (location.hash = '#/overview'));
  await page.getByTestId('top-alert-open').first().waitFor();
  const opened = await page.getByTestId('top-alert').first().getAttribute('data-row');
  assert.ok(!rows.includes(opened), 'the alert is hidden by the filter');
  await page.getByTestId('top-alert-open').first().click();
  await page.getByTestId('alert-detail').waitFor();
  await settled(page);
  assert.equal(await page.locator('.token').count(), 0, 'no filter is set');
  assert.match(page.url(), new RegExp(`#/alerts/${opened}$`));
  assert.equal(
    await page.evaluate(() => document.activeElement.closest('[data-testid="alert-detail"]') !== null),
    true,
  );
  await page.keyboard.press('/');
  await page.keyboard.type('severity="warning" ');
  await total(page, count);
  await settled(page);
  assert.equal(await page.getByTestId('alert-detail').count(), 1, 'the drawer stays');
  assert.equal(await page.getByText('last known state').count(), 0, 'a hidden alert is not an ended one');
  assert.equal(await page.getByTestId('runbook-this').count(), 1);
  await page.getByTestId('runbook-this').click();
  await page.getByTestId('open-alert').click();
  await page.getByTestId('alert-detail').waitFor();
  assert.match(page.url(), new RegExp(`#/alerts/${opened}$`));
  await done();
});

test('dialog_has_its_first_field_focused_submits_on_enter_and_returns_the_focus', async () => {
  const { page, done } = await open('scene=loaded', 'settings');
  await page.getByTestId('nav-maintenance').click();
  await page.getByTestId('schedule-new').waitFor();
  await settled(page);
  const focused = () => page.evaluate(() => document.activeElement.closest('dialog') && document.activeElement.tagName);
  await page.getByTestId('schedule-new').focus();
  await press(page, 'Enter');
  assert.equal(await focused(), 'INPUT');
  await press(page, 'Escape');
  assert.equal(await focus(page), 'schedule-new');
  await page.getByTestId('nav-backups').click();
  await page.getByTestId('backup-row').first().waitFor();
  await settled(page);
  await page.getByTestId('prune').focus();
  await press(page, 'Enter');
  assert.equal(await focused(), 'INPUT');
  await press(page, 'Enter');
  assert.equal(await page.getByRole('dialog').count(), 1, 'Enter in a field deletes nothing');
  await press(page, 'Escape');
  assert.equal(await focus(page), 'prune');
  await press(page, '?');
  const text = await page.getByTestId('shortcuts').innerText();
  for (const line of [
    'Acknowledge the alert',
    'Silence the alert',
    'Runbook of the alert',
    'From the filter into the list',
  ])
    assert.ok(text.includes(line), line);
  await done();
});

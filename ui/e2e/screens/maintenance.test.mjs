// Maintenance: windows now, later and again, their close-out, a guided deploy.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { open, settled } from './support.mjs';

test('unverified_start_is_never_shown_as_done', async () => {
  const { page, done } = await open('scene=loaded', 'maintenance');
  await page.getByTestId('screen-start-confirm').click();
  await page.getByTestId('reason-problem').waitFor();
  await page.getByTestId('reason').fill('fail');
  await page.getByTestId('screen-start-confirm').click();
  await page.locator('[data-testid="start-result"] [data-code="unverified"]').waitFor();
  assert.equal(await page.getByTestId('maintenance-switch').getAttribute('data-state'), 'off');
  await done();
});

test('preset_fills_the_form_and_the_form_is_saved_as_a_preset', async () => {
  const { page, done } = await open('scene=loaded', 'maintenance');
  await page.getByTestId('presets').getByRole('button', { name: 'Database upgrade', exact: true }).click();
  assert.equal(await page.getByTestId('reason').inputValue(), 'Database upgrade');
  assert.equal(await page.getByTestId('duration-minutes').inputValue(), '90');
  assert.deepEqual(await page.locator('main button.matcher').allInnerTexts(), ['job=~"db.*"']);
  await page.getByTestId('reason').fill('Kernel patches');
  await page.getByTestId('preset-keep').click();
  await page.getByTestId('presets').getByRole('button', { name: 'Kernel patches' }).waitFor();
  await done();
});

test('window_is_scheduled_for_later_but_never_for_the_past', async () => {
  const { page, done } = await open('scene=loaded', 'maintenance');
  await page.getByTestId('begin').locator('label:has([data-value="at"])').click();
  await page.getByTestId('begin-at').fill('2020-01-01T10:00');
  await page.getByText('The start time is in the past. Select a later one, or start now.').waitFor();
  await page.getByTestId('begin-at').fill('2090-01-01T10:00');
  assert.match(await page.getByTestId('screen-start-confirm').innerText(), /Schedule window for 30 min/);
  await page.getByTestId('could-fire').getByText('3 rules could fire during the window').waitFor();
  await done();
});

test('recurring_window_previews_its_dates_and_rejects_an_invalid_cron_expression', async () => {
  const { page, done } = await open('scene=loaded', 'maintenance');
  await page.getByTestId('schedule-new').click();
  await page.getByTestId('schedule-cron').fill('0 2 * *');
  await page.getByTestId('schedule-dates').getByText('Invalid cron expression').waitFor();
  assert.equal(await page.getByTestId('schedule-save').isDisabled(), true);
  await page.getByTestId('schedule-cron').fill('0 2 * * 0');
  await page.getByTestId('schedule-reason').fill('Nightly');
  await page.waitForFunction(() => document.querySelectorAll('[data-testid="schedule-dates"] li').length === 5);
  await page.getByTestId('schedule-save').click();
  await page.getByTestId('schedule-dialog').waitFor({ state: 'detached' });
  assert.equal(await page.getByTestId('schedule').count(), 2);
  await done();
});

test('close_out_lists_open_alerts_before_and_after_the_end', async () => {
  const { page, done } = await open('scene=loaded&window=on', 'maintenance');
  await page.getByTestId('maintenance-end').click();
  await page
    .getByTestId('end-after')
    .getByText('4 of 7 muted alerts are still firing, the first one pages by')
    .waitFor();
  await page.getByTestId('end-confirm').click();
  await page.getByTestId('end-closeout').click();
  await page.getByTestId('closeout').waitFor();
  assert.equal(await page.getByTestId('still-firing').locator('li').count(), 2);
  assert.match(await page.getByTestId('open-outside').innerText(), /No resolved notification was sent/);
  await done();
});

test('scheduled_window_is_not_active_and_is_canceled_from_its_row', async () => {
  const { page, done } = await open('scene=loaded&planned=on', 'maintenance');
  assert.equal(await page.getByTestId('maintenance-switch').getAttribute('data-state'), 'off');
  assert.equal(await page.getByTestId('nav-maintenance').innerText(), 'Maintenance');
  assert.equal(await page.getByTestId('planned').locator('li').count(), 2);
  await page.getByTestId('planned-end').first().click();
  await page.getByText('It has not started.').waitFor();
  await page.getByTestId('end-confirm').click();
  await page.getByTestId('end-done').click();
  await page.waitForFunction(() => document.querySelectorAll('[data-testid="planned"] li').length === 1);
  await done();
});

test('matchers_are_suggested_from_the_current_alerts', async () => {
  const { page, done } = await open('scene=loaded', 'overview');
  await page.keyboard.press('m');
  const dialog = page.getByTestId('start-dialog');
  // The radio itself is hidden; its label is clicked once the dialog has come to rest.
  await dialog.getByTestId('scope').locator('label:has([data-value="some"])').click();
  await dialog.getByTestId('matchers').pressSequentially('tenant_id="shop');
  await dialog.getByTestId('suggestion').first().waitFor();
  await page.keyboard.press('Escape');
  assert.equal(await dialog.count(), 1, 'Escape closes the proposals and not the dialog');
  await dialog.getByTestId('matchers').fill('');
  await dialog.getByTestId('matchers').pressSequentially('tenant_id="shop');
  await dialog.getByTestId('suggestion').first().waitFor();
  await page.keyboard.press('ArrowDown');
  await page.keyboard.press('Enter');
  const [token] = await dialog.locator('button.matcher').allInnerTexts();
  assert.match(token, /^tenant_id="shop-\d+"$/);
  await dialog.getByTestId('reason').fill('Shop upgrade');
  await dialog.getByTestId('start-confirm').click();
  await page.getByTestId('start-done').waitFor();
  await done();
});

test('risky_silence_is_ended_from_its_finding', async () => {
  const { page, done } = await open('scene=loaded', 'maintenance');
  await page.getByTestId('finding-end').click();
  await page.getByTestId('end-confirm').click();
  await page.getByTestId('ended').waitFor();
  await done();
});

test('deploy_runs_step_by_step_skips_with_a_reason_and_resumes_after_closing', async () => {
  const { page, done } = await open('scene=loaded', 'maintenance');
  const state = (kind) => page.locator(`[data-testid="deploy-step"][data-kind="${kind}"]`).getAttribute('data-state');
  await page.getByTestId('deploy-new').click();
  await page.getByTestId('deploy-begin-confirm').click();
  assert.match(await page.getByTestId('deploy-dialog').innerText(), /Enter a deployment name/);
  await page.getByTestId('deploy-reason').fill('v2.3.1');
  await page.getByTestId('deploy-begin-confirm').click();
  await page.getByTestId('deploy-step').first().waitFor();
  assert.equal(await page.getByTestId('step-run').count(), 1, 'one step at a time');
  await page.getByTestId('step-run').click();
  await page.waitForFunction(() => document.querySelector('[data-kind="backup"]')?.dataset.state === 'done');
  await page.locator('[data-kind="preprod"]').getByTestId('step-run').click();
  await page.waitForFunction(() => document.querySelector('[data-kind="preprod"]')?.dataset.state === 'finding');
  await page.locator('[data-kind="window"]').getByTestId('step-skip').click();
  assert.ok(await page.getByTestId('skip-confirm').isDisabled());
  await page.getByTestId('skip-reason').fill('a window is on already');
  await page.keyboard.press('Enter');
  await page.waitForFunction(() => document.querySelector('[data-kind="window"]')?.dataset.state === 'skipped');
  await page.getByTestId('deploy-close').click();
  await page.getByTestId('deploy-open').click();
  await page.getByTestId('step-run').waitFor();
  assert.deepEqual(
    [await state('backup'), await state('window'), await state('deploy')],
    ['done', 'skipped', 'waiting'],
  );
  for (const kind of ['deploy', 'quick', 'after', 'dashboard', 'close-out']) {
    await page.locator(`[data-kind="${kind}"]`).getByTestId('step-run').click();
    await page.waitForFunction((k) => document.querySelector(`[data-kind="${k}"]`)?.dataset.state !== 'waiting', kind);
  }
  assert.match(await page.getByTestId('deploy-dialog').innerText(), /All steps are done or skipped/);
  await page.getByTestId('deploy-close').click();
  await page
    .getByTestId('deploys')
    .filter({ hasText: /v2\.3\.1[\s\S]*3 with findings, 1 skipped/ })
    .waitFor();
  await done();
});

test('two_windows_are_one_quiet_time_and_the_end_names_both', async () => {
  const { page, done } = await open('scene=loaded&window=two', 'overview');
  const bar = page.getByTestId('maintenance-switch');
  await bar.getByText('2 windows').waitFor();
  await bar.getByText('Switch replacement').waitFor();
  await page.getByTestId('maintenance-end').click();
  await settled(page);
  const dialog = page.getByTestId('end-dialog');
  // Both by one click.
  assert.match(await page.getByTestId('end-confirm').innerText(), /^End 2 windows and unmute 7 alerts$/);
  // Or only one of them, after which nothing is heard.
  await dialog.getByTestId('end-others').getByRole('checkbox').uncheck();
  await settled(page);
  assert.match(await page.getByTestId('end-effect').innerText(), /No alert will notify right now.*other silences/s);
  assert.match(await page.getByTestId('end-confirm').innerText(), /^End maintenance window$/);
  await done();
});

test('second_start_offers_to_extend_the_active_window', async () => {
  const { page, done } = await open('scene=loaded&window=on', 'overview');
  await page.keyboard.press('m');
  await settled(page);
  await page.getByTestId('already-on').getByText('Maintenance is already active until').waitFor();
  assert.match(
    await page.getByTestId('start-confirm').innerText(),
    /^Silence everything for 30 min \(\d+ firing now\)$/,
  );
  await page.getByTestId('extend-active').click();
  await page.getByTestId('start-dialog').waitFor({ state: 'detached' });
  // 24 minutes and half an hour.
  await page.waitForFunction(() =>
    /^5\d:\d\d$/.test(document.querySelector('[data-testid="maintenance-countdown"]')?.textContent ?? ''),
  );
  await done();
});

test('known_window_stays_verified_while_alertmanager_is_unreachable_and_cannot_be_changed', async () => {
  const { page, done } = await open('scene=loaded&window=unseen', 'maintenance');
  await page.getByTestId('window-steps').getByText('Verified, last seen').waitFor();
  assert.equal(await page.getByTestId('window-end').isDisabled(), true);
  assert.equal(await page.getByTestId('maintenance-extend').isDisabled(), true);
  await done();
});

test('muted_alerts_are_counted_beside_those_that_fire', async () => {
  const { page, done } = await open('scene=loaded', 'overview');
  await page
    .getByTestId('count-muted')
    .getByText(/\d+ muted/)
    .waitFor();
  await page.getByTestId('count-muted').click();
  await page.getByTestId('alerts-total').waitFor();
  assert.match(await page.title(), /muted/);
  await done();
});

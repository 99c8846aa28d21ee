// Runbooks on their alerts, and the state of the service levels.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { open } from './support.mjs';

test('runbook_runs_on_its_alert_takes_notes_and_exports_a_post_mortem_draft', async () => {
  const { page, done } = await open('scene=loaded', 'alerts');
  await page.getByTestId('alert-row').nth(1).click();
  await page.getByTestId('runbook-this').click();
  const steps = page.getByTestId('step');
  await page.locator('[data-testid="step"][data-verdict="fail"]').nth(1).waitFor();
  await page.locator('[data-testid="step"][data-verdict="waiting"]').first().waitFor({ state: 'detached' });
  const verdicts = await steps.evaluateAll((list) => list.map((s) => s.dataset.verdict));
  assert.deepEqual(verdicts, ['fail', 'pass', 'fail', 'pass', 'unknown']);
  assert.equal(await page.getByTestId('step-value').last().innerText(), '–');
  assert.match(await page.getByTestId('steps-standing').innerText(), /2 failed, 1 unknown, 2 of 5 passed/);
  // A button shows what it would do; nothing is muted by pressing it.
  await page.getByTestId('action-silence').click();
  await page.getByTestId('start-confirm').waitFor();
  assert.match(await page.locator('dialog[open]').innerText(), /LowConfidenceSpikeVIP|Mutes|mute/i);
  await page.keyboard.press('Escape');
  await page.getByTestId('note-text').fill('Index run taken back.');
  await page.getByTestId('draft').click();
  assert.match(await page.getByTestId('draft-made').innerText(), /post-mortem_.*3 files[^]*no data for that time/);
  await page.getByTestId('run-end').click();
  await page.getByText('closed', { exact: true }).waitFor();
  assert.equal(await page.getByTestId('steps-ask').isDisabled(), true);
  await page.getByTestId('runbook-back').click();
  await page.getByTestId('run-pick').first().click();
  assert.match(await page.getByTestId('run-detail').innerText(), /Index run taken back/);
  await done();
});

test('runbooks_open_by_keyboard_search_and_palette', async () => {
  const { page, done } = await open('scene=loaded', 'overview');
  await page.keyboard.press('g');
  await page.keyboard.press('k');
  await page.getByTestId('runbooks').waitFor();
  await page.keyboard.press('/');
  await page.keyboard.type('costabove200');
  await page.getByTestId('runbook-hit').filter({ hasText: 'CostAbove200' }).first().click();
  await page.getByTestId('runbook').waitFor();
  assert.equal(await page.locator('[data-testid="step"]').first().getAttribute('data-verdict'), 'unknown');
  assert.match(await page.getByTestId('step').first().innerText(), /no tenant_id label/);
  await page.getByRole('button', { name: 'no recent traffic' }).first().click();
  await page.getByRole('heading', { level: 1, name: 'NoRecentTraffic' }).waitFor();
  await page.goBack();
  await page.getByRole('heading', { level: 1, name: 'CostAbove200' }).waitFor();
  await page.keyboard.press('Control+k');
  await page.keyboard.type('runbook for');
  await page.locator('[data-command^="runbook-of-"]').first().waitFor();
  await page.keyboard.press('Enter');
  await page.getByTestId('runbook-alert').waitFor();
  await done();
});

test('hostile_runbook_stays_text_and_loads_nothing', async () => {
  for (const hash of [
    'runbooks',
    'runbooks/LowConfidenceSpikeVIP',
    'runbooks/ON_CALL_RUNBOOK',
    `runbooks/${encodeURIComponent('../../etc/passwd')}`,
  ]) {
    const { page, done } = await open('scene=hostile', hash);
    const main = page.locator('main');
    assert.equal(
      await main.locator('a, img, script, iframe, style, image, [onerror], [onclick], [href]').count(),
      0,
      hash,
    );
    assert.ok(!/[\u202a-\u202e\u2066-\u2069]/.test(await main.innerText()), hash);
    assert.ok(!/owned/.test(await page.title()), hash);
    await done();
  }
  const { page, done } = await open('scene=hostile', 'alerts');
  await page.getByTestId('alert-row').first().click();
  await page.getByTestId('runbook-this').click();
  await page.getByTestId('no-runbook').waitFor();
  await page.getByText('Create a runbook from a template').click();
  assert.match(await page.getByTestId('runbook-template').innerText(), /## Diagnosis/);
  assert.equal(await page.locator('main').locator('a, img, script, iframe, [onerror], [onclick]').count(), 0);
  await done();
});

test('slo_without_traffic_is_neither_met_nor_missed', async () => {
  const idle = await open('scene=idle', 'slos');
  const first = idle.page.getByTestId('slo-gauge').first();
  assert.match(await first.innerText(), /no value[^]*no traffic/);
  assert.ok(!/%\s*\d/.test(await first.getByTestId('slo-window').first().innerText()));
  await idle.done();
  const { page, done } = await open('scene=loaded', 'runbooks/slo-status');
  assert.match(await page.getByTestId('slo-gauge').first().innerText(), /> 99\.9 %[^]*data for 15 d only/);
  await done();
});

test('firing_alerts_are_unknown_until_alertmanager_responds', async () => {
  const never = await open('scene=never', 'runbooks');
  await never.page.getByTestId('runbook-firing-unknown').waitFor();
  assert.doesNotMatch(await never.page.getByTestId('runbook-firing').innerText(), /No firing alerts/);
  await never.done();
  const calm = await open('scene=calm', 'runbooks');
  assert.match(await calm.page.getByTestId('runbook-firing').innerText(), /No firing alerts/);
  await calm.done();
});

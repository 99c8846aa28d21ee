// Training: the checklist, and drills from start to report.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { open } from './support.mjs';

test('drill_runs_from_start_to_report', async () => {
  const { page, done } = await open('scene=loaded', 'runbooks');
  await page.getByTestId('training-open').click();
  await page.locator('[data-testid="scenario"][data-scenario="vip-low-confidence"]').getByTestId('drill-start').click();
  const dialog = page.getByTestId('drill-start-dialog');
  assert.match(await dialog.innerText(), /one VIP tenant[^]*within 5 min[^]*Production is not affected/);
  assert.equal(await page.getByTestId('drill-person').inputValue(), 'alice');
  await page.getByTestId('drill-person').fill('dave');
  await page.getByTestId('drill-start-confirm').click();
  const bar = page.getByTestId('drill-bar');
  await bar.waitFor();
  assert.equal(await dialog.count(), 0);
  assert.match(await bar.innerText(), /DRILL[^]*dave[^]*VIP low confidence/);
  assert.match(await page.title(), /^DRILL – /);
  // Nothing else can be started now, and nothing offers it.
  assert.match(await page.getByTestId('drill-goes-on').innerText(), /dave/);
  assert.equal((await page.getByTestId('drill-start').count()) + (await page.getByTestId('drill-surprise').count()), 0);
  await page.getByTestId('drill-sight').filter({ hasText: 'symptoms for' }).waitFor();
  await page.getByTestId('drill-notice').click();
  await page.getByTestId('drill-seen').waitFor();
  const operate = async (name) => {
    await page.getByTestId('drill-operate').getByRole('button').click();
    await page.getByRole('menuitem', { name }).click();
  };
  await page.getByTestId('nav-alerts').click();
  await page.getByTestId('alert-row').filter({ hasText: 'LowConfidenceSpikeVIP' }).click();
  await page.getByTestId('ack-confirm').click();
  await page.getByTestId('ack-undo').waitFor();
  await page.getByTestId('runbook-this').click();
  await page.getByTestId('run-drill').waitFor();
  await operate('Undo the last deploy');
  const told = page.getByTestId('notice').filter({ hasText: 'The servers need a moment' });
  await told.waitFor();
  assert.equal(await told.getAttribute('data-tone'), 'ok');
  await bar.waitFor({ state: 'detached' });
  assert.ok(!/DRILL/.test(await page.title()));
  await page
    .getByTestId('notice')
    .filter({ hasText: 'Drill passed: VIP low confidence' })
    .getByTestId('notice-action')
    .click();
  await page.getByTestId('report-verdict').waitFor();
  assert.equal(await page.getByTestId('report-verdict').getAttribute('data-passed'), 'true');
  assert.match(await page.getByTestId('report-verdict').innerText(), /Passed[^]*dave/);
  assert.deepEqual(await page.getByTestId('goal').evaluateAll((all) => all.map((g) => g.dataset.mark)), [
    'pass',
    'pass',
    'pass',
    'pass',
  ]);
  assert.deepEqual(await page.getByTestId('act').evaluateAll((all) => all.map((a) => a.dataset.worth)), [
    'correct',
    'correct',
    'correct',
    'correct',
  ]);
  await page.getByRole('button', { name: 'Copy as Markdown' }).waitFor();
  await page.getByTestId('report-runbook').click();
  await page.getByRole('heading', { level: 1, name: 'LowConfidenceSpikeVIP' }).waitFor();
  await page.goBack();
  await page.getByTestId('report-back').click();
  await page.getByTestId('team-row').filter({ hasText: 'dave' }).waitFor();
  assert.match(await page.getByTestId('past-drill').first().innerText(), /passed[^]*VIP low confidence[^]*dave/);
  await done();
});

test('random_drill_reports_wrong_actions_and_is_aborted_after_confirmation', async () => {
  const { page, done } = await open('scene=loaded&drill=on', 'overview');
  const bar = page.getByTestId('drill-bar');
  assert.match(await bar.innerText(), /alice[^]*identify the fault[^]*symptoms for 1 min/);
  assert.ok(!/rerank/i.test(await bar.innerText()));
  await page.getByTestId('drill-operate').getByRole('button').click();
  await page.getByRole('menuitem', { name: 'Restart the API' }).click();
  const told = page.getByTestId('notice').filter({ hasText: 'It changed nothing' });
  await told.waitFor();
  assert.equal(await told.getAttribute('data-tone'), 'none');
  await page.getByTestId('drill-end').click();
  assert.match(await page.getByTestId('drill-end-dialog').innerText(), /restored[^]*aborted[^]*End alice’s drill/);
  await page.getByRole('button', { name: 'Continue drill' }).click();
  assert.equal(await bar.count(), 1);
  await page.getByTestId('drill-end').click();
  await page.getByTestId('drill-end-confirm').click();
  await bar.waitFor({ state: 'detached' });
  const over = page.getByTestId('notice').filter({ hasText: 'Drill aborted: Rerank runaway' });
  await over.waitFor();
  assert.equal(await page.getByTestId('notice').filter({ hasText: 'Drill aborted' }).count(), 1);
  await over.getByTestId('notice-action').click();
  assert.match(
    await page.getByTestId('report-acts').innerText(),
    /Restart the API[^]*It was not what had failed[^]*wrong/i,
  );
  assert.deepEqual(await page.getByTestId('goal').evaluateAll((all) => all.map((g) => g.dataset.mark)), [
    'missed',
    'missed',
    'missed',
    'missed',
  ]);
  await done();
});

test('drill_without_symptoms_cannot_be_noticed_and_states_why', async () => {
  const { page, done } = await open('scene=loaded&drill=quiet', 'alerts');
  assert.match(await page.getByTestId('drill-bar').innerText(), /Cache loss[^]*no symptoms yet/);
  await page.getByTestId('drill-notice').click();
  await page.getByTestId('notice').getByText('There is nothing to be seen yet.').waitFor();
  assert.equal(await page.getByTestId('drill-seen').count(), 0);
  await done();
});

test('drill_bar_is_on_every_screen_and_displaces_nothing', async () => {
  for (const scene of ['loaded', 'hostile']) {
    const { page, done } = await open(`scene=${scene}&window=on&drill=on`, 'overview');
    for (const screen of [
      'overview',
      'alerts',
      'maintenance',
      'backups',
      'versions',
      'rules',
      'runbooks',
      'checks',
      'settings',
    ]) {
      await page.getByTestId(`nav-${screen}`).click();
      await page.waitForFunction((s) => document.querySelector('.app')?.dataset.screen === s, screen);
      assert.ok(await page.getByTestId('drill-bar').isVisible(), screen);
      assert.match(await page.title(), /^DRILL – /);
    }
    const inside = await page.evaluate(
      () =>
        [...document.querySelectorAll('[data-testid="drill-bar"] button')].every(
          (b) => b.getBoundingClientRect().right <= window.innerWidth,
        ) && document.documentElement.scrollWidth <= window.innerWidth,
    );
    assert.ok(inside, scene);
    await done();
  }
  const { page, done } = await open('scene=loaded', 'overview');
  assert.equal(await page.getByTestId('drill-bar').count(), 0);
  await done();
});

test('drill_starts_by_keyboard_and_a_rejected_start_stays_in_the_dialog', async () => {
  const { page, done } = await open('scene=loaded', 'overview');
  await page.keyboard.press('Control+k');
  await page.keyboard.type('start a drill');
  await page.keyboard.press('Enter');
  await page.getByTestId('drill-start-dialog').waitFor();
  await page.waitForFunction(
    () =>
      document.activeElement?.getAttribute('data-testid') === 'drill-person' &&
      document.activeElement.value === 'alice',
  );
  await page.keyboard.press('Control+a');
  await page.keyboard.type('fail');
  await page.keyboard.press('Enter');
  await page.getByTestId('drill-start-error').waitFor();
  await page.keyboard.press('Control+a');
  await page.keyboard.type('erin');
  await page.keyboard.press('Tab');
  await page.keyboard.press('ArrowRight');
  await page.getByText('Production timing').waitFor();
  await page.keyboard.press('Shift+Tab');
  await page.keyboard.press('Shift+Tab');
  await page.keyboard.type('Prom');
  await page.waitForFunction(() => document.querySelector('[data-testid="drill-which"]')?.value === 'prometheus-down');
  await page.getByTestId('drill-start-confirm').focus();
  await page.keyboard.press('Enter');
  await page.getByTestId('drill-bar').waitFor();
  assert.match(await page.getByTestId('drill-bar').innerText(), /erin[^]*Prometheus down/);
  await page.keyboard.press('Control+k');
  await page.keyboard.type('end drill');
  await page.keyboard.press('Enter');
  await page.getByTestId('drill-end-confirm').focus();
  await page.keyboard.press('Enter');
  await page.getByTestId('drill-bar').waitFor({ state: 'detached' });
  await done();
});

test('stack_without_drills_states_it_once_and_offers_no_button', async () => {
  const { page, done } = await open('scene=loaded&drill=none', 'runbooks/training');
  assert.match(
    await page.getByTestId('drill-refused').innerText(),
    /This stack is not a demo stack[^]*select its stack/,
  );
  assert.equal((await page.getByTestId('drill-start').count()) + (await page.getByTestId('drill-surprise').count()), 0);
  const task = page.locator('[data-testid="task"][data-task="vip-drill"]');
  assert.equal(await task.getByTestId('task-go').count(), 0);
  assert.match(await task.innerText(), /Available on the demo stack only/);
  assert.equal(await page.locator('main button:disabled').count(), 0);
  await page.getByTestId('past-drill').first().click();
  await page.getByTestId('report-verdict').waitFor();
  assert.equal(await page.getByTestId('report-again').count(), 0);
  await page.keyboard.press('Control+k');
  assert.equal(await page.locator('[data-command="drill-start"]').count(), 0);
  await done();
});

test('checklist_opens_each_task_and_undoes_only_manual_marks', async () => {
  const { page, done } = await open('scene=loaded', 'runbooks/training');
  const task = (id) => page.locator(`[data-testid="task"][data-task="${id}"]`);
  assert.equal(await task('quick-check').getByTestId('task-undo').count(), 0);
  assert.match(await task('quick-check').innerText(), /done[^]*verified: Ran the quick check/);
  await task('slo-targets').getByTestId('task-done').click();
  await page.locator('[data-task="slo-targets"][data-done="true"]').waitFor();
  assert.match(await task('slo-targets').innerText(), /marked by alice/);
  assert.match(await page.getByTestId('person').locator('option:checked').innerText(), /alice \(you\) – 5 of 6/);
  await task('slo-targets').getByTestId('task-undo').click();
  await page.locator('[data-task="slo-targets"][data-done="false"]').waitFor();
  await task('maintenance').getByTestId('task-done').click();
  await page.locator('[data-task="maintenance"][data-done="true"]').waitFor();
  await task('maintenance').getByTestId('task-go').click();
  await page.getByTestId('start-dialog').waitFor();
  await page.keyboard.press('Escape');
  for (const [id, there] of [
    ['read-runbook', 'runbook'],
    ['quick-check', 'checks'],
    ['slo-targets', 'slo-gauge'],
  ]) {
    await task(id).getByTestId('task-go').click();
    await page.getByTestId(there).first().waitFor();
    await page.goBack();
    await page.getByTestId('checklist').waitFor();
  }
  await task('vip-drill').getByTestId('task-go').click();
  await page.getByTestId('drill-start-dialog').waitFor();
  assert.equal(await page.getByTestId('drill-which').inputValue(), 'vip-low-confidence');
  await done();
});

test('person_is_added_selected_and_removed_after_a_warning', async () => {
  const { page, done } = await open('scene=loaded', 'runbooks/training');
  await page.getByTestId('person-add').click();
  await page.keyboard.type('bob');
  assert.ok(await page.getByTestId('person-confirm').isDisabled());
  await page.keyboard.press('Control+a');
  await page.keyboard.type('fail');
  await page.keyboard.press('Enter');
  await page.getByTestId('person-add-dialog').getByTestId('error').waitFor();
  await page.keyboard.press('Control+a');
  await page.keyboard.type('  Zoë Núñez ');
  await page.keyboard.press('Enter');
  await page.getByTestId('person-add-dialog').waitFor({ state: 'detached' });
  assert.match(await page.getByTestId('person').locator('option:checked').innerText(), /^Zoë Núñez – 0 of 6$/);
  await page.getByTestId('team-pick').filter({ hasText: 'bob' }).press('Enter');
  await page.waitForFunction(() => document.querySelector('[data-testid="person"]')?.value === 'bob');
  await page.getByTestId('person-remove').click();
  assert.match(await page.getByTestId('person-loss').innerText(), /The records of 6 completed tasks are deleted/);
  await page.getByTestId('person-remove-dialog').getByRole('button', { name: 'Cancel' }).click();
  await page.getByTestId('person').selectOption('Zoë Núñez');
  await page.getByTestId('person-remove').click();
  assert.match(await page.getByTestId('person-loss').innerText(), /nothing is lost/);
  await page.getByTestId('person-remove-confirm').click();
  await page.getByTestId('team-row').filter({ hasText: 'Zoë' }).waitFor({ state: 'detached' });
  assert.equal(await page.getByTestId('team-row').count(), 3);
  await done();
});

test('hostile_names_stay_text_clipped_and_in_place', async () => {
  for (const [scene, hash] of [
    ['hostile', 'runbooks/training'],
    ['hostile', 'runbooks/training~d-2'],
    ['huge', 'runbooks/training'],
    ['hostile', `runbooks/training~${encodeURIComponent('<b>')}`],
  ]) {
    const { page, done } = await open(`scene=${scene}&drill=on`, hash);
    const text = await page.locator('body').innerText();
    assert.ok(!/[\u202a-\u202e\u2066-\u2069]/.test(text), hash);
    assert.equal(
      await page.locator('main').locator('img, script, iframe, b b, [onerror], [onclick], [href]').count(),
      0,
      hash,
    );
    const wide = await page.evaluate(
      () =>
        [document.documentElement, document.querySelector('main')].filter((e) => e.scrollWidth > e.clientWidth + 1)
          .length,
    );
    assert.equal(wide, 0, `${scene} ${hash} does not scroll sideways`);
    if (scene === 'huge') assert.equal(await page.getByTestId('team-row').count(), 40);
    await done();
  }
});

test('unreadable_training_is_an_error_and_an_empty_list_is_not', async () => {
  const never = await open('scene=never', 'runbooks/training');
  await never.page.getByTestId('training-error').waitFor();
  await never.page.getByTestId('drills-error').waitFor();
  assert.equal(await never.page.getByTestId('checklist').count(), 0);
  await never.done();
  const { page, done } = await open('scene=empty', 'runbooks/training');
  await page.getByTestId('team-empty').waitFor();
  await page.getByTestId('no-drills').waitFor();
  assert.equal(await page.locator('[data-testid="task"][data-done="false"]').count(), 6);
  await done();
});

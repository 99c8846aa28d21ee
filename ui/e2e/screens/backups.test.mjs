// Backups: created, opened, compared, copied, pruned, restored and undone.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { open, settled } from './support.mjs';

test('backup_is_created_for_a_reason_with_visible_progress_and_opened', async () => {
  const { page, done } = await open('scene=empty&slow=150', 'overview');
  await page.keyboard.press('b');
  await page.getByTestId('backup-confirm').click();
  assert.match(await page.getByTestId('backup-dialog').innerText(), /Enter a reason/);
  await page.getByTestId('backup-reason').fill('Before deploy v2.3.1');
  await page.getByTestId('backup-confirm').click();
  await page.getByTestId('job').waitFor();
  assert.match(await page.getByTestId('job').innerText(), /dashboards/);
  await page.getByTestId('backup-done').waitFor();
  assert.equal((await page.getByTestId('backup-verdict').innerText()).trim(), 'verified');
  await page.getByRole('button', { name: 'Open backup' }).click();
  await page.getByTestId('dashboards').waitFor();
  assert.match(page.url(), /#\/backups\/2026-11-27_14-05$/);
  await page.reload();
  await done();
});

test('a_required_field_is_red_only_after_it_was_left_empty', async () => {
  const { page, done } = await open('scene=loaded', 'backups');
  await page.keyboard.press('b');
  const reason = page.getByTestId('backup-reason');
  const invalid = () => reason.getAttribute('aria-invalid');
  await reason.waitFor();
  assert.equal(await invalid(), 'false', 'it was just opened');
  await reason.focus();
  await reason.blur();
  assert.equal(await invalid(), 'true');
  await reason.fill('Before the deploy');
  assert.equal(await invalid(), 'false');
  await done();
});

test('list_states_why_a_backup_is_incomplete_corrupted_or_unverified', async () => {
  const { page, done } = await open('scene=loaded', 'backups');
  for (const [verdict, words] of [
    ['incomplete', /Nothing answers/],
    ['changed', /content has changed/],
    ['foreign', /created by another tool/],
  ])
    assert.match(await page.locator(`[data-testid="backup-row"][data-verdict="${verdict}"]`).innerText(), words);
  await page.locator('[data-verdict="changed"]').getByTestId('backup-open').click();
  assert.match(
    await page.getByTestId('problems').innerText(),
    /no longer matches its manifest[\s\S]*content has changed/,
  );
  await page.getByTestId('backups-all').click();
  await page.getByTestId('backup-find').fill('cost');
  await page.getByTestId('found').getByText('Tenant costs').first().waitFor();
  await done();
});

test('dashboards_are_restored_after_every_choice_and_a_confirmed_plan_and_can_be_undone', async () => {
  const { page, done } = await open('scene=loaded', 'backups');
  await page.getByTestId('backup-open').nth(1).click();
  await page.getByTestId('choose-all').check();
  assert.ok(await page.getByTestId('restore').isDisabled(), 'three conflicts are undecided');
  assert.match(await page.getByTestId('dashboards').innerText(), /3 dashboards need a choice/);
  await page.locator('[data-uid="exec-1"]').getByTestId('choice').selectOption('copy');
  await page.locator('[data-uid="node-full"]').getByTestId('choice').selectOption('keep');
  await page.locator('[data-uid="model-latency"]').getByTestId('choice').selectOption('keep');
  await page.waitForFunction(
    () => document.querySelector('[data-testid="restore"]')?.textContent === 'Restore 3 dashboards',
  );
  await page.getByTestId('restore').click();
  await page.getByTestId('restore-plan').waitFor();
  assert.deepEqual(await page.getByTestId('restore-plan').locator('.chip').allInnerTexts(), [
    'update',
    'create',
    'copy',
  ]);
  await page.getByTestId('data-source').selectOption('prometheus');
  await page.getByTestId('restore-confirm').click();
  await page.getByTestId('undo').click();
  assert.match(
    await page.getByTestId('run-report').innerText(),
    /Reverts 1 dashboard to its previous state\. Deletes 2 dashboards created by the restore/,
  );
  await page.getByTestId('undo-confirm').click();
  await page.waitForFunction(
    () => document.querySelector('[data-testid="run-state"]')?.textContent?.trim() === 'undone',
  );
  await page.getByTestId('run-close').click();
  await page.getByTestId('backups-all').click();
  assert.equal(await page.getByTestId('run').first().getAttribute('data-state'), 'undone');
  await done();
});

test('backup_is_exported_and_archives_are_imported_as_verified_or_unverified', async () => {
  const { page, done } = await open('scene=loaded', 'backups');
  await page.getByTestId('backup-open').nth(1).click();
  await page.getByTestId('export').getByRole('button').click();
  await page.getByRole('menuitem', { name: /tar\.zst/ }).click();
  await page.getByText(/406 MB exported and verified: .*\.tar\.zst/).waitFor();
  await page.getByTestId('backups-all').click();
  assert.match(await page.locator('[data-verdict="foreign"]').innerText(), /archive ·/);
  await page.getByTestId('import').click();
  await page.getByTestId('import-confirm').click();
  assert.match(await page.getByTestId('import-dialog').innerText(), /Select an archive or enter its path/);
  await page.getByTestId('import-path').fill('/tmp/notes.txt');
  await page.getByTestId('import-confirm').click();
  await page.getByText(/no archive/).waitFor();
  await page.getByTestId('archives').getByText('202403051020.tar.gz').click();
  assert.match(await page.getByTestId('import-path').inputValue(), /202403051020\.tar\.gz$/);
  await page.getByTestId('import-confirm').click();
  await page.getByTestId('import-done').waitFor();
  assert.equal((await page.getByTestId('import-verdict').innerText()).trim(), 'unverified');
  await page.getByTestId('import-done').click();
  await page.getByTestId('import').click();
  await page.getByTestId('archives').getByText('staging_2026-11-20').click();
  await page.getByTestId('import-confirm').click();
  await page.getByTestId('import-open').click();
  await page.getByTestId('verdict').getByText('verified').waitFor();
  await done();
});

test('files_and_alerting_are_restored_after_a_diff_and_invalid_files_cannot_be_selected', async () => {
  const { page, done } = await open('scene=loaded', 'backups');
  await page.getByTestId('backup-open').nth(1).click();
  await page.getByTestId('tab-configs').click();
  const refused = page.locator('[data-testid="item"][data-uid="alertmanager.yml"]');
  assert.equal(await refused.getByRole('checkbox').isDisabled(), true);
  await refused.getByTestId('item-open').click();
  assert.match(await page.getByTestId('items-configs').innerText(), /would be refused \(amtool\)/);
  await page.getByTestId('choose-all').check();
  await page.getByTestId('restore').click();
  await page.getByTestId('restore-dialog').getByText('Changes', { exact: true }).click();
  assert.match(await page.getByTestId('restore-dialog').getByTestId('text-diff').innerText(), /\+\s+for: 15m/);
  await page.getByTestId('restore-confirm').click();
  await page.getByTestId('run-state').waitFor();
  assert.match(await page.getByTestId('run-report').innerText(), /\/srv\/monitoring/);
  await page.keyboard.press('Escape');
  await page.getByTestId('tab-alerting').click();
  await page.getByTestId('choose-all').check();
  assert.equal(await page.getByTestId('restore').isDisabled(), true, 'a contact point without secrets needs a choice');
  await page.getByTestId('choice').selectOption('without-secrets');
  await page.getByTestId('restore').click();
  await page.getByTestId('restore-confirm').click();
  await page.getByTestId('run-state').waitFor();
  await done();
});

test('permissions_that_give_more_access_need_a_choice_and_nothing_becomes_public_by_select_all', async () => {
  const { page, done } = await open('scene=loaded', 'backups');
  await page.getByTestId('backup-open').nth(1).click();
  await page.getByTestId('tab-other').click();
  const billing = page.locator('[data-testid="item"][data-uid="folder/billing"]');
  assert.match(await billing.innerText(), /gives more access/);
  assert.match(await billing.innerText(), /role Viewer: View \(nothing now\)/);
  await page.getByTestId('choose-all').check();
  assert.equal(await page.getByTestId('restore').isDisabled(), true, 'more access needs a choice');
  await billing.getByTestId('choice').selectOption('replace');
  await page.getByTestId('restore').click();
  await page.getByTestId('restore-dialog').getByText('Replaces all permissions').waitFor();
  await page.getByTestId('restore-confirm').click();
  await page.getByTestId('run-state').waitFor();
  await page.keyboard.press('Escape');
  await page.locator('label:has([data-value="public-dashboards"])').click();
  await page.getByTestId('items-public-dashboards').getByTestId('choose-all').check();
  assert.equal(await page.getByTestId('restore').isDisabled(), true, 'a public dashboard needs a choice');
  await page.locator('label:has([data-value="annotations"])').click();
  await page.getByTestId('items-annotations').getByText('Creates 12 of 40 annotations').waitFor();
  await done();
});

test('data_restore_lists_its_steps_and_asks_before_it_stops_prometheus', async () => {
  const { page, done } = await open('scene=loaded', 'backups');
  await page.getByTestId('backup-open').nth(1).click();
  await page.getByTestId('tab-blocks').click();
  await page.getByTestId('data-restore').click();
  const dialog = page.getByTestId('data-dialog');
  await dialog.getByText('docker stop --time 120 aether-prom').first().waitFor();
  assert.equal(await page.getByTestId('data-confirm').count(), 0);
  await page.getByTestId('data-check-now').click();
  assert.match(await page.getByTestId('data-check').innerText(), /12 of 14/);
  await page.keyboard.press('Escape');
  await page.getByTestId('data-restore').click();
  await page.getByTestId('data-apply').click();
  await dialog.getByText('Prometheus will be stopped.').waitFor();
  await page.getByTestId('data-confirm').click();
  await page.getByTestId('data-check').getByText('14 of 14').waitFor();
  assert.match(await dialog.innerText(), /\.before-/);
  await done();
});

test('remote_copies_are_verified_downloaded_and_pruned_from_one_list', async () => {
  const { page, done } = await open('scene=loaded', 'backups');
  await page.getByTestId('elsewhere-open').click();
  await page.getByTestId('remote-verify').first().click();
  await page.getByTestId('elsewhere-dialog').getByText('verified', { exact: true }).waitFor();
  assert.equal(
    await page.getByTestId('remote-fetch').first().isDisabled(),
    true,
    'a backup that is stored locally is not downloaded',
  );
  await page.getByTestId('elsewhere-prune').first().click();
  await page
    .getByTestId('prune-dialog')
    .getByText(/copies in s3:/)
    .waitFor();
  await page.getByTestId('prune-plan').waitFor();
  assert.equal(await page.getByTestId('prune-confirm').isDisabled(), true, 'the newest complete remote copy is kept');
  await page.keyboard.press('Escape');
  await page.getByTestId('elsewhere-dialog').waitFor();
  await done();
});

test('backup_in_a_work_tree_is_committed_to_git', async () => {
  const { page, done } = await open('scene=loaded', 'backups');
  await page.getByTestId('backup-open').nth(1).click();
  await page.getByTestId('commit').click();
  await page.getByText(/Committed as/).waitFor();
  await page.getByTestId('commit').waitFor({ state: 'detached' });
  await page.getByTestId('tab-manifest').click();
  assert.match(await page.getByTestId('git').innerText(), /Committed on main/);
  await done();
});

test('dashboards_are_restored_into_another_stack_and_folder', async () => {
  const { page, done } = await open('scene=loaded', 'backups');
  await page.getByTestId('backup-open').nth(1).click();
  await page.getByTestId('into-stack').selectOption('aetherlink');
  await page.getByTestId('into-folder').selectOption({ label: 'Platform' });
  await page.locator('[data-uid="tenant-costs"] input').check();
  await page.getByTestId('restore').click();
  await page.getByTestId('restore-dialog').getByText('Platform').waitFor();
  await page.getByTestId('restore-dialog').getByText('http://grafana.aetherlink:3000/').waitFor();
  await done();
});

test('backup_copied_to_remote_storage_shows_where', async () => {
  const { page, done } = await open('scene=loaded', 'backups');
  await page.getByTestId('backup-open').nth(3).click();
  assert.equal(await page.getByTestId('elsewhere').count(), 0);
  await page.getByTestId('export').getByRole('button').click();
  await page.getByRole('menuitem', { name: /Copy to file:/ }).click();
  await page.getByText(/copied to file:\/\/\/mnt\/nas/).waitFor();
  assert.match(await page.getByTestId('elsewhere').innerText(), /also in file:/);
  await page.getByTestId('backups-all').click();
  assert.match(await page.getByTestId('backup-row').nth(3).innerText(), /Also stored in file:/);
  await done();
});

test('prune_previews_deletions_and_keeps_pinned_backups', async () => {
  const { page, done } = await open('scene=loaded', 'backups');
  await page.getByTestId('prune').click();
  await page.locator('#prune-last').fill('1');
  await page.waitForFunction(() =>
    document.querySelector('[data-testid="prune-confirm"]')?.textContent?.includes('5 backups'),
  );
  assert.match(await page.getByTestId('prune-plan').innerText(), /pinned/);
  await page.getByTestId('prune-confirm').click();
  await page.waitForFunction(() => document.querySelectorAll('[data-testid="backup-row"]').length === 2);
  await page.getByTestId('backup-pin').nth(1).click();
  await page.waitForFunction(
    () => document.querySelectorAll('[data-testid="backup-pin"]')[1]?.getAttribute('aria-pressed') === 'false',
  );
  await done();
});

test('backup_header_at_1280_px_keeps_every_item_apart_and_the_dashboard_filters_in_one_row', async () => {
  const { page, done } = await open('scene=loaded', 'backups');
  // This one is also in remote storage, and its reason is long.
  await page
    .locator('[data-testid="backup-row"]:has-text("Also stored in")')
    .first()
    .getByTestId('backup-open')
    .click();
  await page.getByTestId('elsewhere').waitFor();
  await page.getByTestId('only-changed').waitFor();
  await page.getByTestId('into-folder').waitFor();
  const overlaps = await page.getByTestId('backup').evaluate((backup) => {
    const boxes = [...backup.querySelectorAll('.head h1, .head .chip, .head .btn')].map((e) => ({
      name: e.textContent.trim(),
      box: e.getBoundingClientRect(),
    }));
    const apart = (a, b) => a.right <= b.left || b.right <= a.left || a.bottom <= b.top || b.bottom <= a.top;
    return boxes.flatMap((a, i) =>
      boxes.slice(i + 1).flatMap((b) => (apart(a.box, b.box) ? [] : [`${a.name} / ${b.name}`])),
    );
  });
  assert.deepEqual(overlaps, []);
  const rows = await page
    .locator('[data-testid="dashboards"] .bar')
    .evaluate((bar) =>
      [...bar.children].map((e) => e.getBoundingClientRect()).map((b) => Math.round(b.top + b.height / 2)),
    );
  assert.ok(rows.length > 3 && Math.max(...rows) - Math.min(...rows) <= 4, `filters wrap: ${rows.join(', ')}`);
  await done();
});

test('a dashboard in schema v2 shows its tabs and rows, its manager and what it needs, beside the list at any width', async () => {
  const { page, done } = await open('scene=loaded', 'backups');
  await page.setViewportSize({ width: 960, height: 600 });
  await page.getByTestId('backup-open').nth(1).click();
  // The differences, which come first in the list, are known only then.
  await settled(page);
  await page.getByTestId('dashboard-open').filter({ hasText: 'Model latency' }).click();
  const preview = page.getByTestId('look');
  const caption = preview.getByText('Tab: Latency › Row: Queue');
  await caption.waitFor();
  const clipped = await caption.evaluate((node) => node.scrollHeight > node.clientHeight + 1);
  assert.equal(clipped, false, 'the caption is cut');
  assert.match(
    await preview.innerText(),
    /Managed by\s+Terraform \(platform\)[\s\S]*\$\{DS_LOKI\}\s+missing\s+used by Errors/,
  );
  const [list, beside] = [await page.locator('.split table').boundingBox(), await preview.boundingBox()];
  assert.ok(list.x + list.width <= beside.x, 'the preview covers the list');
  await done();
});

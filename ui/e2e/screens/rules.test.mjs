// Rules, versions and checks: what is wrong, what would be written, what was put in force.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { open } from './support.mjs';

test('rule_with_a_guard_that_never_matches_shows_a_rewrite_and_both_sides_evaluated', async () => {
  const { page, done } = await open('scene=loaded', 'rules');
  assert.match(await page.getByTestId('rules-missing').innerText(), /HealthScoreDegradation/);
  assert.match(await page.getByTestId('rules-alerts').innerText(), /4 of 5 alerts/);
  await page.getByTestId('rules-show').locator('label:has([data-value="findings"])').click();
  const names = await page.getByTestId('rule-row').evaluateAll((rows) => rows.map((r) => r.dataset.name));
  assert.deepEqual(names, ['CacheColdOld', 'team:requests:rate5m', 'LowConfidenceSpike']);
  await page.getByTestId('rule-open').first().click();
  await page.getByTestId('live-verdict').waitFor();
  assert.match(await page.getByTestId('live-verdict').innerText(), /can never match/);
  assert.deepEqual(
    (await page.getByTestId('rewrite').locator('> div').allInnerTexts()).map((t) =>
      t.replace(/\s+/g, ' ').trim().slice(0, 12),
    ).length,
    4,
  );
  await page.getByTestId('rule-side').nth(2).locator('summary').click();
  assert.match(await page.getByTestId('rule-side').nth(2).innerText(), /aether_cache_requests_total/);
  await page.keyboard.press('Escape');
  await page.getByTestId('rules-search').fill('no such rule');
  assert.match(await page.locator('main').innerText(), /No matching rules/);
  await done();
});

test('threshold_is_edited_after_a_diff_and_rolled_back_when_not_loaded', async () => {
  const { page, done } = await open('scene=loaded', 'rules');
  const openRule = async (name) => {
    await page.locator(`[data-testid="rule-row"][data-name="${name}"]`).getByTestId('rule-open').click();
    await page.getByTestId('live-verdict').waitFor();
  };
  await openRule('LowConfidenceSpike');
  await page.getByTestId('rule-change-open').click();
  assert.ok(await page.getByTestId('rule-plan').isDisabled(), 'nothing is changed yet');
  await page.getByTestId('rule-threshold').fill('36');
  await page.getByTestId('rule-plan').click();
  assert.match(await page.getByTestId('rule-diff').innerText(), /> 36/);
  assert.equal(await page.getByTestId('related-text').count(), 2);
  assert.match(await page.getByTestId('rule-related').innerText(), /More than 36 %[^]*LowConfidenceSpike\.md, line 3/);
  const boxes = page.getByTestId('rule-related').getByRole('checkbox');
  assert.match(await page.getByTestId('rule-change').innerText(), /built-in runbook/);
  assert.doesNotMatch(await page.getByTestId('rule-diff').innerText(), /More than 36 %/);
  await boxes.first().check();
  await page.getByTestId('rule-diff').filter({ hasText: 'More than 36 %' }).waitFor();
  assert.ok(await boxes.first().isChecked());
  assert.ok(await page.getByTestId('rule-apply').isDisabled(), 'a reason is missing');
  await page.getByTestId('rule-reason').fill('fail');
  await page.getByTestId('rule-apply').click();
  assert.match(await page.getByTestId('rule-applied').innerText(), /not in effect/);
  assert.match(await page.getByTestId('rule-change').innerText(), /Put back/);
  await page.keyboard.press('Escape');
  await page.keyboard.press('Escape');
  await openRule('CacheColdOld');
  await page.getByTestId('rewrite-apply').click();
  await page.getByTestId('rule-plan').click();
  await page.getByTestId('rule-reason').fill('a guard that can match');
  await page.getByTestId('rule-apply').click();
  await page.getByTestId('rule-applied').waitFor();
  assert.match(await page.getByTestId('rule-applied').innerText(), /The rule is loaded/);
  await done();
});

test('a_change_that_the_server_would_not_see_is_refused_in_the_plan', async () => {
  const { page, done } = await open('scene=stale', 'rules');
  await page.getByTestId('rule-open').first().click();
  await page.getByTestId('rule-change-open').click();
  await page.getByTestId('rule-for').fill('59m');
  await page.getByTestId('rule-plan').click();
  assert.match(await page.getByTestId('rule-refused').innerText(), /reads \/etc\/prometheus\/alerts\.yml, not/);
  assert.equal(await page.getByTestId('rule-reason').count(), 0);
  assert.ok(await page.getByTestId('rule-apply').isDisabled());
  await done();
});

test('runbook_links_are_checked_on_request_and_broken_ones_listed_first', async () => {
  const { page, done } = await open('scene=loaded', 'rules');
  await page.getByTestId('rules-links').click();
  await page.getByTestId('rule-link').first().waitFor();
  const states = await page.getByTestId('rule-link').evaluateAll((all) => all.map((one) => one.dataset.state));
  assert.deepEqual(states, ['dead', 'unreachable', 'closed', 'not-asked', 'alive']);
  assert.match(await page.getByTestId('rule-links').innerText(), /Page not found \(404\)[\s\S]*CacheColdOld/);
  await page.keyboard.press('Escape');
  await page.waitForFunction(() => document.querySelector('[data-testid="rule-links"]') === null);
  await done();
});

test('version_mismatch_is_marked_and_a_pin_update_previews_its_diff', async () => {
  const { page, done } = await open('scene=loaded', 'versions');
  const of = (service) => page.locator(`[data-testid="pin-row"][data-service="${service}"]`);
  await of('prometheus').waitFor();
  assert.match(await of('prometheus').innerText(), /Runs 2\.42\.0, pinned v2\.54\.1\./);
  // Both ways out: pin what runs, or run what is pinned.
  assert.match(await of('prometheus').getByTestId('pin-recreate').innerText(), /Recreate with v2\.54\.1/);
  await of('prometheus').getByTestId('pin-running').click();
  assert.equal(await page.getByTestId('repin-image').inputValue(), 'prom/prometheus:v2.42.0');
  await page.keyboard.press('Escape');
  await of('grafana').getByTestId('pin-row-change').click();
  assert.match(await page.getByTestId('repin').innerText(), /Update pin: grafana/);
  await page.keyboard.press('Escape');
  const states = await of('prometheus')
    .getByTestId('pin-link')
    .evaluateAll((links) => links.map((l) => l.dataset.state));
  assert.deepEqual(states, ['agrees', 'agrees', 'agrees', 'agrees', 'differs']);
  assert.match(await page.getByTestId('pins-absent').innerText(), /promtail/);
  assert.match(await page.getByTestId('nav-versions').innerText(), /5/);
  await of('prometheus').getByTestId('pin-name').click();
  assert.match(await page.getByTestId('pin-open').innerText(), /docker-compose\.yml:38/);
  assert.match(await page.getByTestId('pin-history').innerText(), /recreated/);
  await page.getByTestId('pin-change').click();
  assert.ok(await page.getByTestId('repin-plan').isDisabled(), 'nothing is changed yet');
  await page.getByTestId('repin-image').fill('prom/prometheus');
  await page.getByTestId('repin-plan').click();
  const refused = page.getByTestId('repin').getByTestId('error');
  await refused.waitFor();
  assert.match(await refused.innerText(), /has no tag/);
  await page.getByTestId('repin-image').fill('prom/prometheus:v2.55.1');
  await page.getByTestId('repin-lock').check();
  await page.getByTestId('repin-plan').click();
  assert.match(await page.getByTestId('repin-diff').first().innerText(), /v2\.55\.1@sha256:/);
  assert.ok(await page.getByTestId('repin-apply').isDisabled(), 'a reason is missing');
  await page.getByTestId('repin-reason').fill('fail');
  await page.getByTestId('repin-apply').click();
  await refused.waitFor();
  assert.match(await refused.innerText(), /Nothing was written/);
  await page.getByTestId('repin-plan').click();
  await page.getByTestId('repin-reason').fill('a fix');
  await page.getByTestId('repin-apply').click();
  await page.getByTestId('repin-done').waitFor();
  assert.match(await page.getByTestId('repin').innerText(), /not applied yet[\s\S]*docker compose up -d prometheus/);
  await page.keyboard.press('Escape');

  const dark = await open('scene=never', 'versions');
  await dark.page.getByTestId('docker-gap').waitFor();
  assert.equal(await dark.page.locator('[data-testid="pin-row"][data-verdict="unknown"]').count(), 3);
  await dark.done();
  await done();
});

test('suite_shows_results_as_they_arrive_can_be_canceled_and_skips_unconfirmed_effects', async () => {
  const { page, done } = await open('scene=loaded&slow=150', 'checks');
  const suite = (name) => page.locator(`[data-testid="suite"][data-suite="${name}"]`);
  await suite('preprod').getByTestId('check-start').click();
  await page.locator('[data-testid="check"][data-id="files"][data-state="pass"]').waitFor();
  assert.ok((await page.locator('[data-testid="check"][data-state="waiting"]').count()) > 0, 'the rest still waits');
  await page.getByTestId('check-cancel').waitFor({ state: 'detached' });
  assert.equal(
    await page.locator('[data-testid="check"][data-id="notifications"]').getAttribute('data-state'),
    'skipped',
  );
  assert.match(await page.locator('[data-testid="check"][data-id="alerts"]').innerText(), /can never match/);

  await suite('preprod').getByTestId('allow').check();
  await suite('preprod').getByTestId('check-start').click();
  await page.getByTestId('check-cancel').click();
  await page.getByTestId('check-cancel').waitFor({ state: 'detached' });
  assert.match(await page.getByTestId('check-run').locator('header').innerText(), /canceled/);

  await page.getByTestId('check-pick').last().click();
  assert.match(await page.getByTestId('check-run').innerText(), /Post-deploy/);
  await done();
});

test('overview_shows_the_last_check_result_and_opens_it', async () => {
  const { page, done } = await open('scene=loaded', 'overview');
  assert.match(
    await page.getByTestId('checks-card').innerText(),
    /Quick check[\s\S]*1[12] min ago · 4 of 6 passed[\s\S]*fail/,
  );
  await page.getByTestId('checks-last').click();
  await page.getByTestId('check-run').waitFor();
  await done();
});

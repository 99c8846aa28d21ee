// The window on made-up data in a real browser: what needs states that no real server can be asked for. Behaviour on
// real servers is tested through the bridge (bridge.test.mjs).
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { chromium } from 'playwright-core';
import { violations } from './axe.mjs';
import { CHROMIUM, EXECUTABLE, serveMock } from './serve.mjs';

let served;
let browser;
before(async () => {
  served = await serveMock();
  browser = await chromium.launch({ executablePath: EXECUTABLE, args: CHROMIUM });
});
after(async () => {
  await browser?.close();
  await served?.close();
});

/** Opens a screen; anything on the console, any error and any request to elsewhere fails the test at `done`. */
async function open(query, hash, options = {}) {
  const page = await browser.newPage({ viewport: { width: 1280, height: 800 }, reducedMotion: 'reduce', ...options });
  const faults = [];
  page.on('console', (m) => ['error', 'warning'].includes(m.type()) && faults.push(m.text()));
  page.on('pageerror', (e) => faults.push(e.message));
  page.on('dialog', (d) => (faults.push(`dialog ${d.message()}`), d.dismiss()));
  page.on('request', (r) => !r.url().startsWith(served.url) && !r.url().startsWith('data:') && faults.push(`request ${r.url()}`));
  // As Tauri's `freezePrototype` does.
  await page.addInitScript(() => Object.freeze(Object.prototype));
  await page.goto(`${served.url}?${query}#/${hash}`);
  await page.getByTestId('open-palette').waitFor();
  await page.waitForTimeout(350);
  return { page, async done() { await page.close(); assert.deepEqual(faults, []); } };
}

const click = (...ids) => async (p) => { for (const id of ids) { await p.getByTestId(id).first().click(); await p.waitForTimeout(200); } };
const VIEWS = [
  ...['loaded', 'calm', 'empty', 'stale', 'never', 'loading', 'hostile', 'idle'].flatMap((s) => ['overview', 'alerts', 'maintenance'].map((h) => [`scene=${s}&window=on&banner=on`, h])),
  ...['loaded', 'empty', 'hostile'].map((s) => [`scene=${s}`, 'checks']),
  ...['loaded', 'calm', 'empty', 'never', 'hostile'].map((s) => [`scene=${s}`, 'versions']),
  ['scene=loaded', 'versions', click('pin-name')],
  ['scene=hostile', 'versions', click('pin-name')],
  ['scene=loaded', 'versions', async (p) => { await click('pin-name', 'pin-change')(p); await p.getByTestId('repin-image').fill('prom/prometheus:v2.55.1'); await click('repin-plan')(p); }],
  ...['loaded', 'empty', 'never', 'hostile'].map((s) => [`scene=${s}`, 'runbooks']),
  ...['loaded', 'hostile'].map((s) => [`scene=${s}`, 'alerts', async (p) => { await p.getByTestId('alert-row').nth(s === 'loaded' ? 1 : 0).click(); await click('runbook-this')(p); await p.waitForTimeout(600); }]),
  ...['loaded', 'never', 'idle', 'hostile'].map((s) => [`scene=${s}`, 'runbooks/slo-status']),
  ...['scene=loaded', 'scene=empty', 'scene=never', 'scene=loading', 'scene=hostile', 'scene=huge', 'scene=loaded&drill=none', 'scene=loaded&drill=on'].map((q) => [q, 'runbooks/training']),
  ...['d-1', 'd-2', 'd-3', 'd-99'].map((id) => ['scene=loaded', `runbooks/training~${id}`]),
  ['scene=hostile', 'runbooks/training~d-2'],
  ['scene=loaded', 'runbooks/training', click('drill-start')],
  ['scene=loaded', 'runbooks/training', async (p) => { await click('person-add')(p); await p.getByTestId('person-name').fill('fail'); await click('person-confirm')(p); }],
  ['scene=loaded', 'runbooks/training', click('person-remove')],
  ['scene=loaded&drill=quiet&window=on', 'overview'],
  ['scene=hostile&drill=on', 'alerts', (p) => p.getByTestId('drill-operate').getByRole('button').click()],
  ['scene=loaded&drill=on', 'overview', click('drill-notice', 'drill-end')],
  ['scene=loaded&drill=on', 'overview', click('drill-end', 'drill-end-confirm')],
  ['scene=loaded', 'runbooks/LowConfidenceSpikeVIP'],
  ['scene=hostile', 'runbooks/ON_CALL_RUNBOOK'],
  ['scene=loaded', 'runbooks', click('run-pick', 'run-export')],
  ['scene=loaded', 'rules'],
  ['scene=hostile', 'rules', click('rule-open')],
  ['scene=loaded', 'rules', click('rule-open', 'rule-side')],
  ['scene=never', 'rules'],
  ['scene=empty', 'rules'],
  ['scene=stale', 'rules', click('rules-refresh')],
  ...['loaded', 'empty', 'hostile'].map((s) => [`scene=${s}`, 'rules', async (p) => { await click('rules-links')(p); await p.waitForTimeout(400); }]),
  ['scene=loaded', 'rules', async (p) => { await click('rule-open')(p); await p.getByTestId('live-verdict').waitFor(); await click('rewrite-apply', 'rule-plan')(p); await p.getByLabel('Why?').fill('fail'); await click('rule-apply')(p); await p.waitForTimeout(500); }],
  ['scene=never', 'checks'],
  ['scene=loaded&slow=2000', 'checks', click('check-start')],
  ['scene=loaded', 'settings', async (p) => { await click('own-add', 'vip-add', 'stack-save')(p); }],
  ['scene=loaded', 'rules', async (p) => { await click('rule-open')(p); await p.getByTestId('live-verdict').waitFor(); await click('rewrite-apply', 'rule-plan')(p); }],
  ['scene=loaded', 'settings'],
  ['scene=loaded', 'settings', click('test-prometheus', 'test-grafana')],
  ['scene=loaded&banner=on', 'settings', click('tab-credentials')],
  ['scene=loaded', 'settings', click('tab-panel')],
  ['scene=loaded', 'settings', click('tab-about')],
  ['scene=loaded', 'settings', click('stack-new')],
  ['scene=loaded', 'overview/health-score'],
  ['scene=hostile', 'overview/cache-hit-ratio'],
  ['scene=loaded', 'alerts', click('alert-row')],
  ['scene=hostile', 'alerts', click('alert-row')],
  ['scene=loaded', 'alerts', (p) => p.getByTestId('columns').getByRole('button').click()],
  ['scene=loaded', 'alerts', async (p) => { await p.getByTestId('saved-lists').getByRole('button').click(); await p.getByRole('menuitem', { name: 'Manage' }).click(); }],
  ['scene=hostile', 'alerts', async (p) => { await p.getByTestId('saved-lists').getByRole('button').click(); await p.getByRole('menuitem', { name: 'Save this' }).click(); }],
  ...['loaded', 'hostile', 'empty', 'never'].map((s) => [`scene=${s}&job=on`, 'backups']),
  ['scene=loaded', 'backups', click('backup-now', 'backup-confirm')],
  ['scene=loaded', 'backups', click('run-open', 'undo')],
  ['scene=loaded', 'backups', click('prune')],
  ['scene=loaded', 'backups', click('elsewhere-open', 'remote-verify')],
  ...['loaded', 'hostile', 'empty'].map((s) => [`scene=${s}`, 'backups', click('import', 'import-confirm')]),
  ['scene=hostile', 'backups', async (p) => { await p.getByTestId('backup-open').nth(4).click(); await click('dashboard-open')(p); }],
  ...['compare', 'files', 'blocks', 'manifest'].map((tab) => ['scene=loaded', 'backups', async (p) => { await p.getByTestId('backup-open').nth(1).click(); await click(`tab-${tab}`)(p); if (tab === 'files') await click('file')(p); }]),
  ['scene=loaded', 'backups', async (p) => { await p.getByTestId('backup-open').nth(1).click(); await p.locator('[data-uid="tenant-costs"] input').check(); await click('restore')(p); }],
  ['scene=loaded', 'backups', async (p) => { await p.getByTestId('backup-open').nth(1).click(); await click('tab-blocks', 'data-restore', 'data-apply')(p); }],
  ...['alerting', 'configs'].map((tab) => ['scene=hostile', 'backups', async (p) => { await p.getByTestId('backup-open').nth(1).click(); await click(`tab-${tab}`)(p); await p.getByTestId('item-open').nth(2).click(); }]),
  ['scene=loaded', 'backups', async (p) => { await p.getByTestId('backup-open').nth(1).click(); await click('dashboard-open')(p); await p.getByTestId('look-view').locator('[data-value="diff"]').check({ force: true }); }],
  ['scene=hostile&deploy=on', 'maintenance', click('deploy-open', 'step-skip')],
  ['scene=loaded', 'maintenance', click('deploy-new')],
  ['scene=loaded', 'overview', (p) => p.keyboard.press('m')],
  ['scene=loaded', 'maintenance', click('past-closeout')],
  ['scene=loaded&planned=on&window=on', 'maintenance'],
  ['scene=hostile', 'maintenance', click('past-closeout')],
  ['scene=loaded', 'maintenance', click('schedule-new')],
  ['scene=loaded&window=on', 'overview', click('maintenance-end')],
  ['scene=loaded&window=on', 'overview', click('maintenance-end', 'end-confirm')],
  ['scene=loaded', 'overview', (p) => p.keyboard.press('Control+k')],
  ['scene=loaded', 'overview', (p) => p.keyboard.press('?')],
  ['scene=stale', 'overview', click('light-grafana')],
  ['scene=loaded', 'overview', (p) => p.getByTestId('stack-menu').getByRole('button').first().click()],
  ['scene=first', 'overview'],
  ['scene=first', 'overview', async (p) => { await p.getByTestId('first-grafana').fill('http://localhost:3000'); await click('first-next')(p); }],
  ['scene=first', 'overview', click('first-next', 'first-next')],
];
for (const theme of ['dark', 'light']) {
  test(`axe finds nothing on any screen in the ${theme} theme`, async () => {
    const found = [];
    const look = async ([query, hash, then]) => {
      // As on a desktop in that theme: a page that changes it a moment later keeps old colours for a frame or two.
      const { page, done } = await open(`${query}&theme=${theme}`, hash, { colorScheme: theme });
      await then?.(page);
      await page.waitForTimeout(150);
      for (const v of await violations(page)) found.push(`${query} ${hash}: ${v}`);
      await done();
    };
    // Most of the time of each is waiting.
    const left = [...VIEWS];
    await Promise.all([0, 1, 2].map(async () => { for (let next = left.shift(); next; next = left.shift()) await look(next); }));
    assert.deepEqual([...new Set(found)], []);
  });
}

test('hostile text stays text, small and in order', async () => {
  const { page, done } = await open('scene=hostile&window=on', 'alerts');
  await page.getByTestId('alert-row').first().click();
  await page.getByTestId('alert-detail').waitFor();
  assert.equal(await page.locator('main img, main script, main b[onmouseover]').count(), 0);
  const text = await page.locator('body').innerText();
  assert.ok(text.includes('⟨U+202E⟩'));
  assert.ok(!/[\u202a-\u202e\u2066-\u2069]/.test(text));
  assert.ok(text.length < 40_000, `${text.length} characters on screen`);
  assert.ok(await page.evaluate(() => document.documentElement.scrollWidth <= window.innerWidth), 'nothing is pushed out of the window');
  for (const hash of ['overview', 'maintenance', 'overview/cache-hit-ratio']) {
    await page.goto(`${served.url}?scene=hostile&window=on#/${hash}`);
    await page.reload();
    await page.waitForTimeout(500);
    const wide = await page.evaluate(() => [document.documentElement, document.querySelector('main')].filter((e) => e.scrollWidth > e.clientWidth + 1).length);
    assert.equal(wide, 0, `${hash} does not scroll sideways`);
  }
  assert.equal(await page.title(), '(7) Overview – AetherLink');
  await done();
});

test('fifty thousand alerts cost one screenful', async () => {
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

test('everything is reached and worked by keys alone', async () => {
  const { page, done } = await open('scene=loaded', 'overview');
  await page.keyboard.press('g');
  await page.keyboard.press('a');
  await page.getByTestId('alerts').waitFor();
  await page.keyboard.press('/');
  await page.keyboard.type('severity="critical" ');
  await page.waitForFunction(() => document.querySelector('[data-testid="alerts-total"]')?.textContent === '2 alerts');
  await page.keyboard.press('Backspace');
  await page.keyboard.press('Escape');
  await page.waitForFunction(() => document.querySelector('[data-testid="alerts-total"]')?.textContent === '9 alerts');
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

test('a click on a label narrows the list to it', async () => {
  const { page, done } = await open('scene=loaded', 'alerts');
  await page.getByTestId('alert-row').nth(3).click();
  await page.getByTestId('label').filter({ hasText: 'tenant_id' }).click();
  await page.waitForFunction(() => document.querySelector('[data-testid="alerts-total"]')?.textContent === '1 alert');
  await page.getByTestId('filter-clear').click();
  await page.waitForFunction(() => document.querySelector('[data-testid="alerts-total"]')?.textContent === '9 alerts');
  await done();
});

test('empty lists say why they are empty', async () => {
  for (const [scene, id] of [['calm', 'alerts-none'], ['never', 'alerts-never']]) {
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

test('a start that was not verified is not shown as done', async () => {
  const { page, done } = await open('scene=loaded', 'maintenance');
  await page.getByTestId('screen-start-confirm').click();
  await page.getByTestId('reason-problem').waitFor();
  await page.getByTestId('reason').fill('fail');
  await page.getByTestId('screen-start-confirm').click();
  await page.locator('[data-testid="start-result"] [data-code="unverified"]').waitFor();
  assert.equal(await page.getByTestId('maintenance-switch').getAttribute('data-state'), 'off');
  await done();
});

test('a credential is not in the page once it is stored', async () => {
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

test('the first start leads to the overview, or is skipped', async () => {
  for (const skip of [true, false]) {
    const { page, done } = await open('scene=first', 'overview');
    await page.getByTestId('found-prometheus').waitFor();
    if (skip) await page.getByTestId('first-skip').click();
    else {
      await page.getByTestId('first-next').click();
      await page.getByText('works').first().waitFor();
      await page.getByTestId('first-next').click();
      await page.getByTestId('first-save').click();
    }
    await page.getByTestId('gauges').waitFor();
    await done();
  }
});

test('the first gauge is marked when it is painted, and not before there is one', async () => {
  const shown = await open('scene=loaded', 'overview');
  await shown.page.waitForFunction(() => document.documentElement.dataset.ready === '1');
  assert.equal(await shown.page.evaluate(() => performance.getEntriesByName('first-gauge').length), 1);
  await shown.done();
  const never = await open('scene=never', 'overview');
  assert.equal(await never.page.evaluate(() => document.documentElement.dataset.ready), undefined);
  assert.equal(await never.page.evaluate(() => document.documentElement.dataset.shell), '1');
  await never.done();
});

test('alerts are grouped by labels, one inside the other, and a group opens as a filter', async () => {
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

test('the filter proposes names and values of labels and takes them by keys', async () => {
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

test('the history tells what fired how often and narrows to one alert', async () => {
  const { page, done } = await open('scene=loaded', 'alerts');
  await page.getByTestId('alerts-part').locator('[data-value="history"]').check({ force: true });
  await page.getByTestId('history-name').first().waitFor();
  const all = await page.getByTestId('episode').count();
  assert.ok(all > 3);
  assert.deepEqual(await violations(page), []);
  await page.getByTestId('history-name').filter({ hasText: 'HealthScoreDegradation' }).getByRole('button').click();
  await page.waitForFunction(() => document.querySelectorAll('[data-testid="history-name"]').length === 1);
  assert.ok((await page.getByTestId('episode').count()) < all);
  await page.getByTestId('alerts-part').locator('[data-value="now"]').check({ force: true });
  await page.waitForFunction(() => document.querySelectorAll('[data-testid="alert-row"]').length === 1);
  await done();
  const none = await open('scene=empty', 'alerts');
  await none.page.getByTestId('alerts-part').locator('[data-value="history"]').check({ force: true });
  await none.page.getByTestId('history-none').waitFor();
  await none.done();
});

test('an alert opens with its rule, its value against the threshold and its past, and is silenced from there', async () => {
  const { page, done } = await open('scene=loaded', 'alerts');
  await page.getByTestId('alert-row').first().click();
  const detail = page.getByTestId('alert-detail');
  await detail.getByTestId('figure').waitFor();
  assert.match(await detail.innerText(), /fires < 30, after 15 min/);
  assert.deepEqual(await violations(page), []);
  await page.getByTestId('silence-this').click();
  await page.getByTestId('start-dialog').waitFor();
  const matchers = await page.getByTestId('start-dialog').locator('button.matcher').allInnerTexts();
  assert.ok(matchers.includes('alertname="LowConfidenceSpikeVIP"') && matchers.includes('tenant_id="vip-customer-123"'), matchers.join(' '));
  await page.keyboard.press('Escape');
  await done();
});

test('an alert is acknowledged with a note and that is taken back, without being silenced', async () => {
  const { page, done } = await open('scene=loaded', 'alerts');
  assert.match(await page.getByTestId('alert-row').first().getByTestId('escalation').innerText(), /^\d:\d\d$/);
  await page.getByTestId('alert-row').first().click();
  await page.getByTestId('ack-note').fill('Looking at the model');
  await page.getByTestId('ack-confirm').click();
  await page.getByTestId('ack-undo').waitFor();
  assert.match(await page.getByTestId('acknowledge').innerText(), /alice is on it since .+: Looking at the model/);
  assert.equal(await page.getByTestId('alert-row').first().getByTestId('alert-state').getAttribute('data-state'), 'firing');
  await page.getByTestId('alert-row').first().getByTestId('acknowledged').waitFor();
  assert.deepEqual(await violations(page), []);
  await page.getByTestId('ack-undo').click();
  await page.getByTestId('ack-confirm').waitFor();
  await done();
});

const total = (page, text) => page.waitForFunction((t) => document.querySelector('[data-testid="alerts-total"]')?.textContent === t, text);

test('a list is saved under a name, opened again by it and from the palette, and deleted', async () => {
  const { page, done } = await open('scene=loaded', 'alerts');
  await page.getByTestId('alerts-filter').fill('tenant_id=~"vip.*" ');
  await page.getByTestId('severity-critical').click();
  await total(page, '1 alert');
  await page.getByTestId('saved-lists').getByRole('button').click();
  await page.getByRole('menuitem', { name: 'Save this list' }).click();
  await page.keyboard.type('VIP trouble');
  await page.keyboard.press('Enter');
  await page.getByTestId('saved-filters').waitFor({ state: 'detached' });
  await page.getByTestId('filter-clear').click();
  await page.getByTestId('severity-critical').click();
  await total(page, '9 alerts');
  await page.keyboard.press('Control+k');
  await page.keyboard.type('vip trouble');
  await page.keyboard.press('Enter');
  await total(page, '1 alert');
  assert.equal(await page.getByTestId('severity-critical').getAttribute('aria-pressed'), 'true');
  await page.getByTestId('saved-lists').getByRole('button').click();
  await page.getByRole('menuitem', { name: 'Manage' }).click();
  await page.getByRole('button', { name: 'Delete VIP trouble' }).click();
  await page.waitForFunction(() => !document.querySelector('[data-testid="saved-list"]')?.textContent?.includes('VIP trouble'));
  await done();
});

test('columns are chosen, labels among them, and give way where it is narrow', async () => {
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

test('a link opens the list that it was made from', async () => {
  const { page, done } = await open('scene=loaded', 'alerts?filter=tenant_id%3D~%22shop.*%22&state=firing&group=tenant_id');
  await page.getByTestId('alert-groups').waitFor();
  assert.equal(await page.getByTestId('alert-group').count(), 2);
  await page.context().grantPermissions(['clipboard-read', 'clipboard-write']);
  await page.getByTestId('list-more').getByRole('button').click();
  await page.getByRole('menuitem', { name: 'Copy a link' }).click();
  assert.equal(await page.evaluate(() => navigator.clipboard.readText()), 'aetherlink://alerts?filter=tenant_id%3D%7E%22shop.*%22&state=firing&group=tenant_id');
  await done();
});

test('alerts are narrowed to those of a receiver', async () => {
  const { page, done } = await open('scene=loaded', 'alerts');
  await page.getByTestId('receivers').getByRole('button').click();
  await page.getByRole('menuitemcheckbox', { name: /pager/ }).click();
  await total(page, '2 alerts');
  await page.getByRole('menuitemcheckbox', { name: /slack-ops/ }).click();
  await total(page, '9 alerts');
  await done();
});

test('an export says where it went, and why it did not', async () => {
  const { page, done } = await open('scene=loaded', 'alerts');
  await page.getByTestId('list-more').getByRole('button').click();
  await page.getByRole('menuitem', { name: 'Export as CSV' }).click();
  await page.getByText('9 alerts written to /home/alice/Downloads/').waitFor();
  await done();
  const full = await open('scene=loaded&disk=full', 'alerts');
  await full.page.getByTestId('list-more').getByRole('button').click();
  await full.page.getByRole('menuitem', { name: 'Export as JSON' }).click();
  await full.page.getByText('The list was not written.').waitFor();
  await full.done();
});

test('annotations are Markdown without anything that could be run or fetched', async () => {
  const { page, done } = await open('scene=loaded', 'alerts');
  await page.getByTestId('alert-row').first().click();
  const detail = page.getByTestId('alert-detail');
  assert.equal(await detail.locator('ol li').count(), 2);
  assert.equal(await detail.locator('.md strong').first().innerText(), '47.2');
  await done();
  const hostile = await open('scene=hostile', 'alerts');
  for (let i = 0; i < 6; i += 1) {
    await hostile.page.getByTestId('alert-row').nth(i).click();
    await hostile.page.waitForTimeout(150);
    assert.equal(await hostile.page.getByTestId('alert-detail').locator('a, img, script, iframe, style, [onerror], [href]').count(), 0);
  }
  await hostile.done();
});

test('a preset fills the form, and a form is kept as a preset', async () => {
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

test('a window is planned for later, and one that is over already is not', async () => {
  const { page, done } = await open('scene=loaded', 'maintenance');
  await page.getByTestId('begin').locator('[data-value="at"]').check({ force: true });
  await page.getByTestId('begin-at').fill('2020-01-01T10:00');
  await page.getByText('That is over already. Begin now instead.').waitFor();
  await page.getByTestId('begin-at').fill('2090-01-01T10:00');
  assert.match(await page.getByTestId('screen-start-confirm').innerText(), /Plan the window for 30 min/);
  await page.getByTestId('could-fire').getByText('3 rules could fire into it').waitFor();
  await done();
});

test('a recurring window shows its dates before it is kept, and a wrong expression is told', async () => {
  const { page, done } = await open('scene=loaded', 'maintenance');
  await page.getByTestId('schedule-new').click();
  await page.getByTestId('schedule-cron').fill('0 2 * *');
  await page.getByTestId('schedule-dates').getByText('can’t be read').waitFor();
  assert.equal(await page.getByTestId('schedule-save').isDisabled(), true);
  await page.getByTestId('schedule-cron').fill('0 2 * * 0');
  await page.getByTestId('schedule-reason').fill('Nightly');
  await page.waitForFunction(() => document.querySelectorAll('[data-testid="schedule-dates"] li').length === 5);
  await page.getByTestId('schedule-save').click();
  await page.getByTestId('schedule-dialog').waitFor({ state: 'detached' });
  assert.equal(await page.getByTestId('schedule').count(), 2);
  await done();
});

test('the close-out says what is left over, before the end and afterwards', async () => {
  const { page, done } = await open('scene=loaded&window=on', 'maintenance');
  await page.getByTestId('maintenance-end').click();
  await page.getByTestId('end-after').getByText('4 alerts of 7 hidden ones are left over, the first pages by').waitFor();
  await page.getByTestId('end-confirm').click();
  await page.getByTestId('end-closeout').click();
  await page.getByTestId('closeout').waitFor();
  assert.equal(await page.getByTestId('still-firing').locator('li').count(), 2);
  assert.match(await page.getByTestId('open-outside').innerText(), /close it by hand outside/);
  await done();
});

test('a planned window is no maintenance yet, and is cancelled from its row', async () => {
  const { page, done } = await open('scene=loaded&planned=on', 'maintenance');
  assert.equal(await page.getByTestId('maintenance-switch').getAttribute('data-state'), 'off');
  assert.equal(await page.getByTestId('nav-maintenance').innerText(), 'Maintenance');
  assert.equal(await page.getByTestId('planned').locator('li').count(), 2);
  await page.getByTestId('planned-end').first().click();
  await page.getByText('It has not begun.').waitFor();
  await page.getByTestId('end-confirm').click();
  await page.getByTestId('end-done').click();
  await page.waitForFunction(() => document.querySelectorAll('[data-testid="planned"] li').length === 1);
  await done();
});

test('matchers of a window are proposed from the alerts that there are', async () => {
  const { page, done } = await open('scene=loaded', 'overview');
  await page.keyboard.press('m');
  const dialog = page.getByTestId('start-dialog');
  await dialog.getByTestId('scope').locator('[data-value="some"]').check({ force: true });
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

test('a silence that deserves a second look is ended from where that is said', async () => {
  const { page, done } = await open('scene=loaded', 'maintenance');
  await page.getByTestId('finding-end').click();
  await page.getByTestId('end-confirm').click();
  await page.getByTestId('ended').waitFor();
  await done();
});

test('a backup is made for a reason, seen at work, and opened', async () => {
  const { page, done } = await open('scene=empty&slow=150', 'overview');
  await page.keyboard.press('b');
  await page.getByTestId('backup-confirm').click();
  assert.match(await page.getByTestId('backup-dialog').innerText(), /A reason is needed/);
  await page.getByTestId('backup-reason').fill('Before deploy v2.3.1');
  await page.getByTestId('backup-confirm').click();
  await page.getByTestId('job').waitFor();
  assert.match(await page.getByTestId('job').innerText(), /dashboards/);
  await page.getByTestId('backup-done').waitFor();
  assert.equal((await page.getByTestId('backup-verdict').innerText()).trim(), 'verified');
  await page.getByRole('button', { name: 'Open it' }).click();
  await page.getByTestId('dashboards').waitFor();
  assert.match(page.url(), /#\/backups\/2026-11-27_14-05$/);
  await page.reload();
  await done();
});

test('what made a backup incomplete, changed or unverified is said in words', async () => {
  const { page, done } = await open('scene=loaded', 'backups');
  for (const [verdict, words] of [['incomplete', /Nothing answers/], ['changed', /content has changed/], ['foreign', /made by another tool/]]) assert.match(await page.locator(`[data-testid="backup-row"][data-verdict="${verdict}"]`).innerText(), words);
  await page.locator('[data-verdict="changed"]').getByTestId('backup-open').click();
  assert.match(await page.getByTestId('problems').innerText(), /no longer as it was made[\s\S]*content has changed/);
  await page.getByTestId('backups-all').click();
  await page.getByTestId('backup-find').fill('cost');
  await page.getByTestId('found').getByText('Tenant costs').first().waitFor();
  await done();
});

test('dashboards are restored only after every choice is made and the plan is confirmed, and undone', async () => {
  const { page, done } = await open('scene=loaded', 'backups');
  await page.getByTestId('backup-open').nth(1).click();
  await page.getByTestId('choose-all').check();
  assert.ok(await page.getByTestId('restore').isDisabled(), 'two wait for a choice');
  assert.match(await page.getByTestId('dashboards').innerText(), /2 dashboards wait for a choice/);
  await page.locator('[data-uid="exec-1"]').getByTestId('choice').selectOption('copy');
  await page.locator('[data-uid="node-full"]').getByTestId('choice').selectOption('keep');
  await page.waitForFunction(() => document.querySelector('[data-testid="restore"]')?.textContent === 'Restore 3 dashboards');
  await page.getByTestId('restore').click();
  await page.getByTestId('restore-plan').waitFor();
  assert.deepEqual(await page.getByTestId('restore-plan').locator('.chip').allInnerTexts(), ['update', 'create', 'copy']);
  await page.getByTestId('data-source').selectOption('prometheus');
  await page.getByTestId('restore-confirm').click();
  await page.getByTestId('undo').click();
  assert.match(await page.getByTestId('run-report').innerText(), /1 dashboard goes back to what was there before\. 2 dashboards that it made are deleted/);
  await page.getByTestId('undo-confirm').click();
  await page.waitForFunction(() => document.querySelector('[data-testid="run-state"]')?.textContent?.trim() === 'undone');
  await page.getByTestId('run-close').click();
  await page.getByTestId('backups-all').click();
  assert.equal(await page.getByTestId('run').first().getAttribute('data-state'), 'undone');
  await done();
});

test('a backup is exported, and an archive imported, verified or marked unverified', async () => {
  const { page, done } = await open('scene=loaded', 'backups');
  await page.getByTestId('backup-open').nth(1).click();
  await page.getByTestId('export').getByRole('button').click();
  await page.getByRole('menuitem', { name: /tar\.zst/ }).click();
  await page.getByText(/406 MB written and read back: .*\.tar\.zst/).waitFor();
  await page.getByTestId('backups-all').click();
  assert.match(await page.locator('[data-verdict="foreign"]').innerText(), /in an archive/);
  await page.getByTestId('import').click();
  await page.getByTestId('import-confirm').click();
  assert.match(await page.getByTestId('import-dialog').innerText(), /Choose an archive, or say its path/);
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

test('files and alerting are restored after what changes was shown, and what would be refused cannot be chosen', async () => {
  const { page, done } = await open('scene=loaded', 'backups');
  await page.getByTestId('backup-open').nth(1).click();
  await page.getByTestId('tab-configs').click();
  const refused = page.locator('[data-testid="item"][data-uid="alertmanager.yml"]');
  assert.equal(await refused.getByRole('checkbox').isDisabled(), true);
  await refused.getByTestId('item-open').click();
  assert.match(await page.getByTestId('items-configs').innerText(), /would be refused \(amtool\)/);
  await page.getByTestId('choose-all').check();
  await page.getByTestId('restore').click();
  await page.getByTestId('restore-dialog').getByText('What changes').click();
  assert.match(await page.getByTestId('restore-dialog').getByTestId('text-diff').innerText(), /\+\s+for: 15m/);
  await page.getByTestId('restore-confirm').click();
  await page.getByTestId('run-state').waitFor();
  assert.match(await page.getByTestId('run-report').innerText(), /\/srv\/monitoring/);
  await page.keyboard.press('Escape');
  await page.getByTestId('tab-alerting').click();
  await page.getByTestId('choose-all').check();
  assert.equal(await page.getByTestId('restore').isDisabled(), true, 'a contact point without secrets waits for a choice');
  await page.getByTestId('choice').selectOption('without-secrets');
  await page.getByTestId('restore').click();
  await page.getByTestId('restore-confirm').click();
  await page.getByTestId('run-state').waitFor();
  await done();
});

test('data is restored step by step, by the panel only after it was said that Prometheus stops', async () => {
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
  await dialog.getByText('Prometheus is stopped meanwhile.').waitFor();
  await page.getByTestId('data-confirm').click();
  await page.getByTestId('data-check').getByText('14 of 14').waitFor();
  assert.match(await dialog.innerText(), /\.before-/);
  await done();
});

test('copies elsewhere are verified, fetched and pruned from one list', async () => {
  const { page, done } = await open('scene=loaded', 'backups');
  await page.getByTestId('elsewhere-open').click();
  await page.getByTestId('remote-verify').first().click();
  await page.getByTestId('elsewhere-dialog').getByText('verified', { exact: true }).waitFor();
  assert.equal(await page.getByTestId('remote-fetch').first().isDisabled(), true, 'what is here is not fetched');
  await page.getByTestId('elsewhere-prune').first().click();
  await page.getByTestId('prune-dialog').getByText(/copies in s3:/).waitFor();
  await page.getByTestId('prune-plan').waitFor();
  assert.equal(await page.getByTestId('prune-confirm').isDisabled(), true, 'the newest complete one stays elsewhere too');
  await page.keyboard.press('Escape');
  await page.getByTestId('elsewhere-dialog').waitFor();
  await done();
});

test('a backup in a work tree is committed from where it is opened', async () => {
  const { page, done } = await open('scene=loaded', 'backups');
  await page.getByTestId('backup-open').nth(1).click();
  await page.getByTestId('commit').click();
  await page.getByText(/Committed as/).waitFor();
  await page.getByTestId('commit').waitFor({ state: 'detached' });
  await page.getByTestId('tab-manifest').click();
  assert.match(await page.getByTestId('git').innerText(), /committed on main/);
  await done();
});

test('dashboards are restored into another stack and folder where they are chosen', async () => {
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

test('a backup is copied elsewhere and says where it also lies', async () => {
  const { page, done } = await open('scene=loaded', 'backups');
  await page.getByTestId('backup-open').nth(3).click();
  assert.equal(await page.getByTestId('elsewhere').count(), 0);
  await page.getByTestId('export').getByRole('button').click();
  await page.getByRole('menuitem', { name: /Copy to file:/ }).click();
  await page.getByText(/lie whole in file:\/\/\/mnt\/nas/).waitFor();
  assert.match(await page.getByTestId('elsewhere').innerText(), /also in file:/);
  await page.getByTestId('backups-all').click();
  assert.match(await page.getByTestId('backup-row').nth(3).innerText(), /also in file:/);
  await done();
});

test('pruning shows what goes before it deletes, and a pinned backup stays', async () => {
  const { page, done } = await open('scene=loaded', 'backups');
  await page.getByTestId('prune').click();
  await page.locator('#prune-last').fill('1');
  await page.waitForFunction(() => document.querySelector('[data-testid="prune-confirm"]')?.textContent?.includes('5 backups'));
  assert.match(await page.getByTestId('prune-plan').innerText(), /pinned/);
  await page.getByTestId('prune-confirm').click();
  await page.waitForFunction(() => document.querySelectorAll('[data-testid="backup-row"]').length === 2);
  await page.getByTestId('backup-pin').nth(1).click();
  await page.waitForFunction(() => document.querySelectorAll('[data-testid="backup-pin"]')[1]?.getAttribute('aria-pressed') === 'false');
  await done();
});

test('a deploy goes step by step, is skipped only for a reason, and is gone on with after it was closed', async () => {
  const { page, done } = await open('scene=loaded', 'maintenance');
  const state = (kind) => page.locator(`[data-testid="deploy-step"][data-kind="${kind}"]`).getAttribute('data-state');
  await page.getByTestId('deploy-new').click();
  await page.getByTestId('deploy-begin-confirm').click();
  assert.match(await page.getByTestId('deploy-dialog').innerText(), /Say what is deployed/);
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
  assert.deepEqual([await state('backup'), await state('window'), await state('deploy')], ['done', 'skipped', 'waiting']);
  for (const kind of ['deploy', 'quick', 'after', 'dashboard', 'close-out']) {
    await page.locator(`[data-kind="${kind}"]`).getByTestId('step-run').click();
    await page.waitForFunction((k) => document.querySelector(`[data-kind="${k}"]`)?.dataset.state !== 'waiting', kind);
  }
  assert.match(await page.getByTestId('deploy-dialog').innerText(), /All steps are done or skipped/);
  await page.getByTestId('deploy-close').click();
  assert.match(await page.getByTestId('deploys').innerText(), /v2\.3\.1[\s\S]*3 with a finding, 1 skipped/);
  await done();
});

test('a rule whose guard can never match says so, shows a rewrite and what the server makes of both sides', async () => {
  const { page, done } = await open('scene=loaded', 'rules');
  assert.match(await page.getByTestId('rules-missing').innerText(), /HealthScoreDegradation/);
  assert.match(await page.getByTestId('rules-alerts').innerText(), /4 of 5 alerts/);
  await page.getByTestId('rules-show').locator('[data-value="findings"]').check({ force: true });
  const names = await page.getByTestId('rule-row').evaluateAll((rows) => rows.map((r) => r.dataset.name));
  assert.deepEqual(names, ['CacheColdOld', 'team:requests:rate5m', 'LowConfidenceSpike']);
  await page.getByTestId('rule-open').first().click();
  await page.getByTestId('live-verdict').waitFor();
  assert.match(await page.getByTestId('live-verdict').innerText(), /can’t match/);
  assert.deepEqual((await page.getByTestId('rewrite').locator('> div').allInnerTexts()).map((t) => t.replace(/\s+/g, ' ').trim().slice(0, 12)).length, 4);
  await page.getByTestId('rule-side').nth(2).locator('summary').click();
  assert.match(await page.getByTestId('rule-side').nth(2).innerText(), /aether_cache_requests_total/);
  await page.keyboard.press('Escape');
  await page.getByTestId('rules-search').fill('no such rule');
  assert.match(await page.locator('main').innerText(), /No rule fits/);
  await done();
});

test('a suite shows each check as it ends, can be cancelled, and leaves out what was not allowed', async () => {
  const { page, done } = await open('scene=loaded&slow=150', 'checks');
  const suite = (name) => page.locator(`[data-testid="suite"][data-suite="${name}"]`);
  await suite('preprod').getByTestId('check-start').click();
  await page.locator('[data-testid="check"][data-id="files"][data-state="pass"]').waitFor();
  assert.ok((await page.locator('[data-testid="check"][data-state="waiting"]').count()) > 0, 'the rest still waits');
  await page.getByTestId('check-cancel').waitFor({ state: 'detached' });
  assert.equal(await page.locator('[data-testid="check"][data-id="notifications"]').getAttribute('data-state'), 'skipped');
  assert.match(await page.locator('[data-testid="check"][data-id="alerts"]').innerText(), /can never match/);

  await suite('preprod').getByTestId('allow').check();
  await suite('preprod').getByTestId('check-start').click();
  await page.getByTestId('check-cancel').click();
  await page.getByTestId('check-cancel').waitFor({ state: 'detached' });
  assert.match(await page.getByTestId('check-run').locator('header').innerText(), /cancelled/);

  await page.getByTestId('check-pick').last().click();
  assert.match(await page.getByTestId('check-run').innerText(), /After deploy/);
  await done();
});

test('the link where a chain breaks is marked, and another version is a diff that is shown before it is written', async () => {
  const { page, done } = await open('scene=loaded', 'versions');
  const of = (service) => page.locator(`[data-testid="pin-row"][data-service="${service}"]`);
  await of('prometheus').waitFor();
  assert.match(await of('prometheus').innerText(), /The tag says v2\.54\.1, the program says 2\.42\.0\./);
  const states = await of('prometheus').getByTestId('pin-link').evaluateAll((links) => links.map((l) => l.dataset.state));
  assert.deepEqual(states, ['agrees', 'agrees', 'agrees', 'agrees', 'differs']);
  assert.match(await page.getByTestId('pins-absent').innerText(), /promtail/);
  assert.match(await page.getByTestId('nav-versions').innerText(), /5/);
  await of('prometheus').getByTestId('pin-name').click();
  assert.match(await page.getByTestId('pin-open').innerText(), /docker-compose\.yml:38/);
  assert.match(await page.getByTestId('pin-history').innerText(), /made anew/);
  await page.getByTestId('pin-change').click();
  assert.ok(await page.getByTestId('repin-plan').isDisabled(), 'nothing is changed yet');
  await page.getByTestId('repin-image').fill('prom/prometheus');
  await page.getByTestId('repin-plan').click();
  const refused = page.getByTestId('repin').getByTestId('error');
  await refused.waitFor();
  assert.match(await refused.innerText(), /names no version/);
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
  assert.match(await page.getByTestId('repin').innerText(), /not in force yet[\s\S]*docker compose up -d prometheus/);
  await page.keyboard.press('Escape');

  const dark = await open('scene=never', 'versions');
  await dark.page.getByTestId('docker-gap').waitFor();
  assert.equal(await dark.page.locator('[data-testid="pin-row"][data-verdict="unknown"]').count(), 3);
  await dark.done();
  await done();
});

test('a threshold is changed by a diff that is shown first, and what did not take is put back', async () => {
  const { page, done } = await open('scene=loaded', 'rules');
  const openRule = async (name) => { await page.locator(`[data-testid="rule-row"][data-name="${name}"]`).getByTestId('rule-open').click(); await page.getByTestId('live-verdict').waitFor(); };
  await openRule('LowConfidenceSpike');
  await page.getByTestId('rule-change-open').click();
  assert.ok(await page.getByTestId('rule-plan').isDisabled(), 'nothing is changed yet');
  await page.getByTestId('rule-threshold').fill('36');
  await page.getByTestId('rule-plan').click();
  assert.match(await page.getByTestId('rule-diff').innerText(), /> 36/);
  assert.ok(await page.getByTestId('rule-apply').isDisabled(), 'a reason is missing');
  await page.getByTestId('rule-reason').fill('fail');
  await page.getByTestId('rule-apply').click();
  assert.match(await page.getByTestId('rule-applied').innerText(), /not in force/);
  assert.match(await page.getByTestId('rule-change').innerText(), /Put back/);
  await page.keyboard.press('Escape');
  await page.keyboard.press('Escape');
  await openRule('CacheColdOld');
  await page.getByTestId('rewrite-apply').click();
  await page.getByTestId('rule-plan').click();
  await page.getByTestId('rule-reason').fill('a guard that can match');
  await page.getByTestId('rule-apply').click();
  await page.getByTestId('rule-applied').waitFor();
  assert.match(await page.getByTestId('rule-applied').innerText(), /The server runs it/);
  await done();
});

test('own checks and VIP tenants are edited in a form, and what is wrong is told before anything is saved', async () => {
  const { page, done } = await open('scene=loaded', 'settings');
  await page.getByTestId('own-check').first().waitFor();
  assert.equal(await page.getByTestId('own-check').count(), 2);
  assert.equal(await page.getByTestId('own-query').first().inputValue(), 'max by ($tenant_label) (aether_queue_length)');
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
  await page.getByText('production is saved').waitFor();
  assert.equal(await page.getByTestId('own-check').count(), 3, 'the form shows what was saved');
  assert.deepEqual(await page.getByTestId('vip-name').evaluateAll((all) => all.map((one) => one.value)), ['vip-customer-123', 'partner-abc', 'globex', 'acme']);
  await page.getByTestId('own-remove').first().click();
  await page.getByTestId('stack-save').click();
  await page.waitForFunction(() => document.querySelectorAll('[data-testid="own-check"]').length === 2);
  await done();
});

test('runbook links are asked only on request, and a dead one is told first', async () => {
  const { page, done } = await open('scene=loaded', 'rules');
  await page.getByTestId('rules-links').click();
  await page.getByTestId('rule-link').first().waitFor();
  const states = await page.getByTestId('rule-link').evaluateAll((all) => all.map((one) => one.dataset.state));
  assert.deepEqual(states, ['dead', 'unreachable', 'closed', 'not-asked', 'alive']);
  assert.match(await page.getByTestId('rule-links').innerText(), /no such page \(404\)[\s\S]*CacheColdOld/);
  await page.keyboard.press('Escape');
  await page.waitForFunction(() => document.querySelector('[data-testid="rule-links"]') === null);
  await done();
});

test('the overview says how the last check came out and leads to it', async () => {
  const { page, done } = await open('scene=loaded', 'overview');
  assert.match(await page.getByTestId('checks-card').innerText(), /Quick check[\s\S]*1[12] min ago · 4 of 6 passed[\s\S]*fail/);
  await page.getByTestId('checks-last').click();
  await page.getByTestId('check-run').waitFor();
  await done();
});

test('a runbook is asked on its alert, noted, closed and written as a draft', async () => {
  const { page, done } = await open('scene=loaded', 'alerts');
  await page.getByTestId('alert-row').nth(1).click();
  await page.getByTestId('runbook-this').click();
  const steps = page.getByTestId('step');
  await page.locator('[data-testid="step"][data-verdict="fail"]').nth(1).waitFor();
  await page.locator('[data-testid="step"][data-verdict="waiting"]').first().waitFor({ state: 'detached' });
  const verdicts = await steps.evaluateAll((list) => list.map((s) => s.dataset.verdict));
  assert.deepEqual(verdicts, ['fail', 'pass', 'fail', 'pass', 'unknown']);
  assert.equal(await page.getByTestId('step-value').last().innerText(), '–');
  assert.match(await page.getByTestId('steps-standing').innerText(), /2 red, 1 unknown, 2 of 5 as expected/);
  // A button shows what it would do; nothing is muted by pressing it.
  await page.getByTestId('action-silence').click();
  await page.getByTestId('start-confirm').waitFor();
  assert.match(await page.locator('dialog[open]').innerText(), /LowConfidenceSpikeVIP|Mutes|mute/i);
  await page.keyboard.press('Escape');
  await page.getByTestId('note-text').fill('Index run taken back.');
  await page.getByTestId('draft').click();
  assert.match(await page.getByTestId('draft-made').innerText(), /post-mortem_.*3 files[^]*no values of that time/);
  await page.getByTestId('run-end').click();
  await page.getByText('closed', { exact: true }).waitFor();
  assert.equal(await page.getByTestId('steps-ask').isDisabled(), true);
  await page.getByTestId('runbook-back').click();
  await page.getByTestId('run-pick').first().click();
  assert.match(await page.getByTestId('run-detail').innerText(), /Index run taken back/);
  await done();
});

test('runbooks are reached by keys, by search and from the palette', async () => {
  const { page, done } = await open('scene=loaded', 'overview');
  await page.keyboard.press('g');
  await page.keyboard.press('k');
  await page.getByTestId('runbooks').waitFor();
  await page.keyboard.press('/');
  await page.keyboard.type('costabove200');
  await page.getByTestId('runbook-hit').first().click();
  await page.getByTestId('runbook').waitFor();
  assert.equal(await page.locator('[data-testid="step"]').first().getAttribute('data-verdict'), 'unknown');
  assert.match(await page.getByTestId('step').first().innerText(), /no label tenant_id/);
  await page.getByRole('button', { name: 'no recent traffic' }).first().click();
  await page.getByRole('heading', { level: 1, name: 'NoRecentTraffic' }).waitFor();
  await page.goBack();
  await page.getByRole('heading', { level: 1, name: 'CostAbove200' }).waitFor();
  await page.keyboard.press('Control+k');
  await page.keyboard.type('runbook of');
  await page.keyboard.press('Enter');
  await page.getByTestId('runbook-alert').waitFor();
  await done();
});

test('a runbook of anything stays text, asks nothing and runs nothing', async () => {
  for (const hash of ['runbooks', 'runbooks/LowConfidenceSpikeVIP', 'runbooks/ON_CALL_RUNBOOK', `runbooks/${encodeURIComponent('../../etc/passwd')}`]) {
    const { page, done } = await open('scene=hostile', hash);
    const main = page.locator('main');
    assert.equal(await main.locator('a, img, script, iframe, style, image, [onerror], [onclick], [href]').count(), 0, hash);
    assert.ok(!/[\u202a-\u202e\u2066-\u2069]/.test(await main.innerText()), hash);
    assert.ok(!/owned/.test(await page.title()), hash);
    await done();
  }
  const { page, done } = await open('scene=hostile', 'alerts');
  await page.getByTestId('alert-row').first().click();
  await page.getByTestId('runbook-this').click();
  await page.getByTestId('no-runbook').waitFor();
  await page.getByText('Add one').click();
  assert.match(await page.getByTestId('runbook-template').innerText(), /## Diagnosis/);
  assert.equal(await page.locator('main').locator('a, img, script, iframe, [onerror], [onclick]').count(), 0);
  await done();
});

test('a service level without traffic is neither kept nor broken', async () => {
  const idle = await open('scene=idle', 'runbooks/slo-status');
  const first = idle.page.getByTestId('slo-gauge').first();
  assert.match(await first.innerText(), /no value[^]*no traffic/);
  assert.ok(!/%\s*\d/.test(await first.getByTestId('slo-window').first().innerText()));
  await idle.done();
  const { page, done } = await open('scene=loaded', 'runbooks/slo-status');
  assert.match(await page.getByTestId('slo-gauge').first().innerText(), /99\.97 %[^]*reaches back 15 d/);
  await done();
});

test('a drill is gone through from its start to its report', async () => {
  const { page, done } = await open('scene=loaded', 'runbooks');
  await page.getByTestId('training-open').click();
  await page.locator('[data-testid="scenario"][data-scenario="vip-low-confidence"]').getByTestId('drill-start').click();
  const dialog = page.getByTestId('drill-start-dialog');
  assert.match(await dialog.innerText(), /one VIP tenant[^]*within 5 min[^]*Nothing real is touched/);
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
  assert.equal(await page.getByTestId('drill-start').count() + (await page.getByTestId('drill-surprise').count()), 0);
  await page.getByTestId('drill-sight').filter({ hasText: 'can be seen for' }).waitFor();
  await page.getByTestId('drill-notice').click();
  await page.getByTestId('drill-seen').waitFor();
  const operate = async (name) => { await page.getByTestId('drill-operate').getByRole('button').click(); await page.getByRole('menuitem', { name }).click(); };
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
  await page.getByTestId('notice').filter({ hasText: 'Drill passed: VIP low confidence' }).getByTestId('notice-action').click();
  await page.getByTestId('report-verdict').waitFor();
  assert.equal(await page.getByTestId('report-verdict').getAttribute('data-passed'), 'true');
  assert.match(await page.getByTestId('report-verdict').innerText(), /Passed[^]*dave/);
  assert.deepEqual(await page.getByTestId('goal').evaluateAll((all) => all.map((g) => g.dataset.mark)), ['pass', 'pass', 'pass', 'pass']);
  assert.deepEqual(await page.getByTestId('act').evaluateAll((all) => all.map((a) => a.dataset.worth)), ['right', 'right', 'right', 'right']);
  await page.getByRole('button', { name: 'Copy as Markdown' }).waitFor();
  await page.getByTestId('report-runbook').click();
  await page.getByRole('heading', { level: 1, name: 'LowConfidenceSpikeVIP' }).waitFor();
  await page.goBack();
  await page.getByTestId('report-back').click();
  await page.getByTestId('team-row').filter({ hasText: 'dave' }).waitFor();
  assert.match(await page.getByTestId('past-drill').first().innerText(), /passed[^]*VIP low confidence[^]*dave/);
  await done();
});

test('a drill of which nothing is told says what did not help, and is given up after a question', async () => {
  const { page, done } = await open('scene=loaded&drill=on', 'overview');
  const bar = page.getByTestId('drill-bar');
  assert.match(await bar.innerText(), /alice[^]*find out what it is[^]*can be seen for 1 min/);
  assert.ok(!/rerank/i.test(await bar.innerText()));
  await page.getByTestId('drill-operate').getByRole('button').click();
  await page.getByRole('menuitem', { name: 'Restart the API' }).click();
  const told = page.getByTestId('notice').filter({ hasText: 'It changed nothing' });
  await told.waitFor();
  assert.equal(await told.getAttribute('data-tone'), 'none');
  await page.getByTestId('drill-end').click();
  assert.match(await page.getByTestId('drill-end-dialog').innerText(), /put back[^]*given up[^]*End the drill of alice/);
  await page.getByRole('button', { name: 'Go on with it' }).click();
  assert.equal(await bar.count(), 1);
  await page.getByTestId('drill-end').click();
  await page.getByTestId('drill-end-confirm').click();
  await bar.waitFor({ state: 'detached' });
  const over = page.getByTestId('notice').filter({ hasText: 'Drill given up: Rerank runaway' });
  await over.waitFor();
  assert.equal(await page.getByTestId('notice').filter({ hasText: 'Drill given up' }).count(), 1);
  await over.getByTestId('notice-action').click();
  assert.match(await page.getByTestId('report-acts').innerText(), /Restart the API[^]*It was not what had failed[^]*wrong/i);
  assert.deepEqual(await page.getByTestId('goal').evaluateAll((all) => all.map((g) => g.dataset.mark)), ['missed', 'missed', 'missed', 'missed']);
  await done();
});

test('a drill that cannot be seen yet is not noticed, and that is said', async () => {
  const { page, done } = await open('scene=loaded&drill=quiet', 'alerts');
  assert.match(await page.getByTestId('drill-bar').innerText(), /Cache loss[^]*nothing can be seen yet/);
  await page.getByTestId('drill-notice').click();
  await page.getByTestId('notice').getByText('There is nothing to be seen yet.').waitFor();
  assert.equal(await page.getByTestId('drill-seen').count(), 0);
  await done();
});

test('the bar of a drill is on every screen, and nothing is pushed out for it', async () => {
  for (const scene of ['loaded', 'hostile']) {
    const { page, done } = await open(`scene=${scene}&window=on&drill=on`, 'overview');
    for (const screen of ['overview', 'alerts', 'maintenance', 'backups', 'versions', 'rules', 'runbooks', 'checks', 'settings']) {
      await page.getByTestId(`nav-${screen}`).click();
      await page.waitForFunction((s) => document.querySelector('.app')?.dataset.screen === s, screen);
      assert.ok(await page.getByTestId('drill-bar').isVisible(), screen);
      assert.match(await page.title(), /^DRILL – /);
    }
    const inside = await page.evaluate(() => [...document.querySelectorAll('[data-testid="drill-bar"] button')].every((b) => b.getBoundingClientRect().right <= window.innerWidth) && document.documentElement.scrollWidth <= window.innerWidth);
    assert.ok(inside, scene);
    await done();
  }
  const { page, done } = await open('scene=loaded', 'overview');
  assert.equal(await page.getByTestId('drill-bar').count(), 0);
  await done();
});

test('a drill is started by keys alone, and what was refused stays in the dialog', async () => {
  const { page, done } = await open('scene=loaded', 'overview');
  await page.keyboard.press('Control+k');
  await page.keyboard.type('start a drill');
  await page.keyboard.press('Enter');
  await page.getByTestId('drill-start-dialog').waitFor();
  await page.waitForFunction(() => document.activeElement?.getAttribute('data-testid') === 'drill-person' && document.activeElement.value === 'alice');
  await page.keyboard.press('Control+a');
  await page.keyboard.type('fail');
  await page.keyboard.press('Enter');
  await page.getByTestId('drill-start-error').waitFor();
  await page.keyboard.press('Control+a');
  await page.keyboard.type('erin');
  await page.keyboard.press('Tab');
  await page.keyboard.press('ArrowRight');
  await page.getByText('As the pack has it').waitFor();
  await page.keyboard.press('Shift+Tab');
  await page.keyboard.press('Shift+Tab');
  await page.keyboard.type('Prom');
  await page.waitForFunction(() => document.querySelector('[data-testid="drill-which"]')?.value === 'prometheus-down');
  await page.getByTestId('drill-start-confirm').focus();
  await page.keyboard.press('Enter');
  await page.getByTestId('drill-bar').waitFor();
  assert.match(await page.getByTestId('drill-bar').innerText(), /erin[^]*Prometheus down/);
  await page.keyboard.press('Control+k');
  await page.keyboard.type('end the drill');
  await page.keyboard.press('Enter');
  await page.getByTestId('drill-end-confirm').focus();
  await page.keyboard.press('Enter');
  await page.getByTestId('drill-bar').waitFor({ state: 'detached' });
  await done();
});

test('where there can be no drill that is said once, and no button pretends', async () => {
  const { page, done } = await open('scene=loaded&drill=none', 'runbooks/training');
  assert.match(await page.getByTestId('drill-refused').innerText(), /This stack is no demo stack[^]*select its stack/);
  assert.equal(await page.getByTestId('drill-start').count() + (await page.getByTestId('drill-surprise').count()), 0);
  const task = page.locator('[data-testid="task"][data-task="vip-drill"]');
  assert.equal(await task.getByTestId('task-go').count(), 0);
  assert.match(await task.innerText(), /In the demo stack only/);
  assert.equal(await page.locator('main button:disabled').count(), 0);
  await page.getByTestId('past-drill').first().click();
  await page.getByTestId('report-verdict').waitFor();
  assert.equal(await page.getByTestId('report-again').count(), 0);
  await page.keyboard.press('Control+k');
  assert.equal(await page.locator('[data-command="drill-start"]').count(), 0);
  await done();
});

test('the checklist leads to each task, is ticked and taken back, and what the panel saw stays', async () => {
  const { page, done } = await open('scene=loaded', 'runbooks/training');
  const task = (id) => page.locator(`[data-testid="task"][data-task="${id}"]`);
  assert.equal(await task('quick-check').getByTestId('task-undo').count(), 0);
  assert.match(await task('quick-check').innerText(), /done[^]*seen: Ran the quick check/);
  await task('slo-targets').getByTestId('task-done').click();
  await page.locator('[data-task="slo-targets"][data-done="true"]').waitFor();
  assert.match(await task('slo-targets').innerText(), /said by alice/);
  assert.match(await page.getByTestId('person').locator('option:checked').innerText(), /alice \(you\) – 5 of 6/);
  await task('slo-targets').getByTestId('task-undo').click();
  await page.locator('[data-task="slo-targets"][data-done="false"]').waitFor();
  await task('maintenance').getByTestId('task-done').click();
  await page.locator('[data-task="maintenance"][data-done="true"]').waitFor();
  await task('maintenance').getByTestId('task-go').click();
  await page.getByTestId('start-dialog').waitFor();
  await page.keyboard.press('Escape');
  for (const [id, there] of [['read-runbook', 'runbook'], ['quick-check', 'checks'], ['slo-targets', 'slo-gauge']]) {
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

test('a person is added, chosen, and taken off after it was said what is lost', async () => {
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
  assert.match(await page.getByTestId('person-loss').innerText(), /6 tasks that are done are lost/);
  await page.getByTestId('person-remove-dialog').getByRole('button', { name: 'Keep' }).click();
  await page.getByTestId('person').selectOption('Zoë Núñez');
  await page.getByTestId('person-remove').click();
  assert.match(await page.getByTestId('person-loss').innerText(), /nothing is lost/);
  await page.getByTestId('person-remove-confirm').click();
  await page.getByTestId('team-row').filter({ hasText: 'Zoë' }).waitFor({ state: 'detached' });
  assert.equal(await page.getByTestId('team-row').count(), 3);
  await done();
});

test('training of anybody stays text, small and in its place', async () => {
  for (const [scene, hash] of [['hostile', 'runbooks/training'], ['hostile', 'runbooks/training~d-2'], ['huge', 'runbooks/training'], ['hostile', `runbooks/training~${encodeURIComponent('<b>')}`]]) {
    const { page, done } = await open(`scene=${scene}&drill=on`, hash);
    const text = await page.locator('body').innerText();
    assert.ok(!/[\u202a-\u202e\u2066-\u2069]/.test(text), hash);
    assert.equal(await page.locator('main').locator('img, script, iframe, b b, [onerror], [onclick], [href]').count(), 0, hash);
    const wide = await page.evaluate(() => [document.documentElement, document.querySelector('main')].filter((e) => e.scrollWidth > e.clientWidth + 1).length);
    assert.equal(wide, 0, `${scene} ${hash} does not scroll sideways`);
    if (scene === 'huge') assert.equal(await page.getByTestId('team-row').count(), 40);
    await done();
  }
});

test('training that cannot be read says so, and nobody yet is no error', async () => {
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

test('a clock says whom to call, and who was called is kept', async () => {
  const { page, done } = await open('scene=loaded', 'overview');
  const card = page.getByTestId('escalation-card');
  const health = card.locator('[data-rule="health"]');
  await health.getByTestId('escalation-open').click();
  assert.match(await health.innerText(), /Then call the incident commander/);
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
  assert.match(await page.getByTestId('runbook-call').innerText(), /Call|taken/);
  await done();
  const hostile = await open('scene=hostile', 'overview');
  const first = hostile.page.getByTestId('escalation-clock').first();
  if (await first.getByTestId('escalation-open').count()) await first.getByTestId('escalation-open').click();
  await first.getByTestId('escalation-chat').click();
  await first.getByTestId('error').waitFor();
  assert.equal(await hostile.page.getByTestId('escalation-card').locator('a, img, script, [href]').count(), 0);
  await hostile.done();
});

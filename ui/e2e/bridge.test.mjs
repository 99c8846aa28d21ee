// Whole flows in a browser, through aether-bridge, on the servers that stand behind it. The stack may be any with a
// Prometheus and an Alertmanager; what is expected is read from the panel's own snapshot, never assumed.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { chromium } from 'playwright-core';
import { violations } from './axe.mjs';
import { CHROMIUM, EXECUTABLE } from './serve.mjs';

const address = new URL(process.env.AETHER_BRIDGE_URL ?? 'http://127.0.0.1:1/');
const token = address.searchParams.get('token') ?? '';
const LONG = { timeout: 60_000 };
let browser;
before(async () => {
  browser = await chromium.launch({ executablePath: EXECUTABLE, args: CHROMIUM });
});
after(async () => {
  await end();
  await browser?.close();
});

async function call(name, request = {}) {
  const reply = await fetch(new URL(`/api/${name}`, address), {
    method: 'POST',
    headers: { 'content-type': 'application/json', 'x-aether-token': token },
    body: JSON.stringify(request),
  });
  const body = await reply.json();
  assert.ok(reply.ok, `${name}: ${JSON.stringify(body)}`);
  return body;
}
/** No window of these tests stays behind. */
async function end() {
  const { maintenance } = await call('snapshot').catch(() => ({ maintenance: { windows: [] } }));
  for (const w of maintenance.windows)
    if (w.reason.startsWith('browser test')) await call('maintenance_end', { id: w.id }).catch(() => {});
}
async function until(what, check) {
  for (let i = 0; i < 240; i += 1) {
    const value = await check();
    if (value) return value;
    await new Promise((done) => setTimeout(done, 250));
  }
  throw new Error(`never: ${what}`);
}
async function open(screen, theme = 'dark') {
  const page = await browser.newPage({
    viewport: { width: 1280, height: 800 },
    reducedMotion: 'reduce',
    colorScheme: theme,
  });
  page.setDefaultTimeout(20_000);
  const faults = [];
  page.on('console', (m) => m.type() === 'error' && !/status of (4|5)\d\d/.test(m.text()) && faults.push(m.text()));
  page.on('pageerror', (e) => faults.push(e.message));
  page.on(
    'request',
    (r) => !r.url().startsWith(address.origin) && !r.url().startsWith('data:') && faults.push(`request ${r.url()}`),
  );
  const url = new URL(address);
  url.hash = `/${screen}`;
  await page.goto(url.href);
  const skip = page.getByTestId('first-skip');
  await page
    .locator(
      '[data-testid="first-skip"], [data-testid="overview"], [data-testid="alerts"], [data-testid="maintenance"], [data-testid="backups"], [data-testid="runbook"], [data-testid="settings"]',
    )
    .first()
    .waitFor();
  await page.getByTestId('maintenance-switch').waitFor();
  if (await skip.isVisible()) {
    await skip.click();
    if (screen !== 'overview') await page.getByTestId(`nav-${screen}`).click();
  }
  return {
    page,
    async done() {
      await page.close();
      assert.deepEqual(faults, []);
    },
  };
}

test('the overview shows every gauge with the value that the panel has', LONG, async () => {
  const s = await until('a gauge with a reading', async () => {
    const x = await call('snapshot');
    return x.gauges.some((g) => g.state !== 'unknown') && x;
  });
  const { page, done } = await open('overview');
  await page.waitForFunction(() => document.documentElement.dataset.ready === '1');
  for (const g of s.gauges) {
    const card = page.getByTestId(`gauge-${g.spec.id}`);
    await card.waitFor();
    const reading = await card.getAttribute('data-reading');
    const shown = await card.getByTestId('gauge-value').innerText();
    if (reading === 'value') assert.match(shown, /\d/);
    if (reading === 'no-traffic') assert.match(shown, /No recent traffic/);
  }
  assert.ok(!(await page.evaluate(() => location.href)).includes(token), 'the token is not in the address');
  const withValue = s.gauges.find((g) => g.state === 'value');
  if (withValue) {
    await page.getByTestId(`gauge-${withValue.spec.id}`).getByTestId('figure').waitFor();
    await page.getByTestId(`gauge-${withValue.spec.id}`).getByRole('button').first().click();
    const figure = page.getByTestId('gauge-detail').getByTestId('figure');
    await figure.waitFor();
    await figure.hover();
    await page.getByTestId('figure-tip').first().waitFor();
    await page.keyboard.press('Escape');
    await page.getByTestId('gauge-detail').waitFor({ state: 'detached' });
  }
  await done();
});

test('the lights tell the age of each service’s last good answer', LONG, async () => {
  const { page, done } = await open('overview');
  const s = await call('snapshot');
  for (const service of s.services) {
    const light = page.getByTestId(`light-${service.kind}`);
    await page.waitForFunction(
      (id) => document.querySelector(`[data-testid="${id}"]`)?.getAttribute('data-state') !== 'loading',
      `light-${service.kind}`,
    );
    if ((await light.getAttribute('data-state')) === 'fresh') assert.match(await light.innerText(), /\d+ s/);
  }
  await done();
});

test('the list of alerts is the panel’s, and the filter narrows it', LONG, async () => {
  const { page, done } = await open('alerts');
  const all = await until('a fresh list of alerts', async () => {
    const x = await call('alerts_page', { limit: 100 });
    return x.freshness.state === 'fresh' && x;
  });
  if (all.total === 0) {
    await page.getByTestId('alerts-none').waitFor();
  } else {
    await page.getByTestId('alert-row').first().waitFor();
    const name = all.rows[0].name;
    await page.getByTestId('alerts-filter').fill(`alertname="${name}" `);
    const narrowed = await call('alerts_page', { filter: `alertname="${name}"`, limit: 0 });
    await page.waitForFunction(
      (n) => (document.querySelector('[data-testid="alerts-total"]')?.textContent ?? '').startsWith(`${n} `),
      String(narrowed.total),
    );
    await page.getByTestId('alert-row').first().click();
    await page.getByTestId('alert-detail').getByRole('heading', { name }).waitFor();
    await page.getByTestId('filter-clear').click();
    await page.getByTestId('alerts-filter').fill('no-such-word-anywhere');
    await page.getByTestId('alerts-filtered').waitFor();
    await page.getByTestId('clear-all').click();
    await page.getByTestId('alert-row').first().waitFor();
  }
  await page.getByTestId('alerts-filter').fill('severity="open');
  await page.getByTestId('filter-error').waitFor();
  await done();
});

test('a window is started, verified, extended and ended', { timeout: 120_000 }, async () => {
  await end();
  const { page, done } = await open('overview');
  await page.waitForFunction(
    () => document.querySelector('[data-testid="light-alertmanager"]')?.getAttribute('data-state') === 'fresh',
  );
  await page.keyboard.press('m');
  await page.getByTestId('start-confirm').click();
  await page.getByTestId('reason-problem').waitFor();
  await page.getByTestId('reason').fill('browser test window');
  await page.getByTestId('preview-mutes').waitFor();
  assert.match(
    await page.getByTestId('start-confirm').innerText(),
    /^Silence everything for 30 min( \(\d+ firing now\))?$/,
  );
  await page.getByTestId('start-confirm').click();
  await page.getByTestId('start-done').waitFor();
  assert.match(await page.getByTestId('window-steps').innerText(), /Verified on \d+ of \d+/);
  await page.getByTestId('start-done').click();
  await page.getByTestId('maintenance-countdown').waitFor();
  const before = (await call('snapshot')).maintenance.windows.find((w) => w.reason === 'browser test window');
  assert.equal(before.phase, 'verified');
  await page.getByTestId('maintenance-extend').click();
  await until('fifteen minutes more', async () =>
    (await call('snapshot')).maintenance.windows.some((w) => w.id === before.id && w.endsAt >= before.endsAt + 890_000),
  );
  await page.getByTestId('nav-maintenance').click();
  await page.getByTestId('window').first().waitFor();
  await page.getByTestId('silence').filter({ hasText: 'browser test window' }).first().waitFor();
  await page.getByTestId('window-end').first().click();
  await page.getByTestId('end-confirm').click();
  await page.getByTestId('ended').waitFor();
  await page.getByTestId('end-done').click();
  await page.waitForFunction(
    () => document.querySelector('[data-testid="maintenance-switch"]')?.getAttribute('data-state') === 'off',
  );
  assert.ok(!(await call('snapshot')).maintenance.windows.some((w) => w.id === before.id && w.phase !== 'ended'));
  await done();
});

test('a backup is made, compared, verified and deleted', { timeout: 120_000 }, async (t) => {
  const s = await call('snapshot');
  const grafana = s.services.find((x) => x.kind === 'grafana');
  if (!grafana || !['fresh', 'stale'].includes(grafana.freshness.state))
    return t.skip('this stack has no Grafana that answers');
  const { page, done } = await open('backups');
  await page.getByTestId('backup-now').click();
  await page.getByTestId('backup-reason').fill('browser test');
  await page.getByTestId('backup-confirm').click();
  await page.getByTestId('backup-done').waitFor({ timeout: 60_000 });
  const made = (await call('backup_list')).backups.find((b) => b.reason === 'browser test');
  assert.equal((await page.getByTestId('backup-verdict').innerText()).trim(), made.verdict);
  await page.getByRole('button', { name: 'Open backup' }).click();
  await page.getByTestId('dashboard').first().waitFor();
  const plan = await call('restore_plan', {
    id: made.id,
    uids: [],
    what: 'dashboards',
    otherwise: null,
    choices: {},
    dataSources: {},
    intoFolder: null,
    intoStack: null,
  });
  assert.ok(plan.items.length > 0 && plan.items.every((i) => i.act === 'identical'), 'nothing has changed since');
  await page.waitForFunction(
    (n) => document.querySelectorAll('[data-act="identical"]').length === n,
    plan.items.length,
  );
  await page.getByTestId('dashboard-open').first().click();
  await page.getByTestId('look').waitFor();
  assert.ok(await page.getByTestId('restore').isDisabled(), 'there is nothing to restore');
  await page.getByTestId('tab-compare').click();
  await page.getByText('No differences').waitFor();
  await page.getByTestId('verify').click();
  await until(
    'verified',
    async () => (await call('backup_list')).backups.find((b) => b.id === made.id)?.verifiedAt !== null,
  );
  await page.getByTestId('delete').click();
  await page.getByTestId('delete-confirm').click();
  await page.getByTestId('backup-now').waitFor();
  await until('deleted', async () => !(await call('backup_list')).backups.some((b) => b.id === made.id));
  await done();
});

test(
  'a runbook opens on an alert, and every question of it is asked of the real servers',
  { timeout: 180_000 },
  async (t) => {
    // A stack that has just been started needs a minute to evaluate its alerts.
    const found = await until('an alert with a runbook of its own', async () => {
      const list = await call('alerts_page', { limit: 100, states: ['firing', 'pending', 'inhibited'] });
      const known = (await call('runbook_list')).pages.map((p) => p.id);
      return list.freshness.state === 'fresh' && list.rows.find((r) => known.includes(r.name));
    }).catch((thrown) => {
      if (!/^never/.test(thrown.message)) throw thrown;
      return null;
    });
    if (!found) return t.skip('no alert of the stack has a runbook');
    const { page, done } = await open(`runbooks/@${found.fingerprint}`);
    const steps = page.getByTestId('step');
    await steps.first().waitFor();
    const view = await call('runbook_open', { fingerprint: found.fingerprint });
    assert.equal(await steps.count(), view.steps.length);
    await page.waitForFunction(() =>
      [...document.querySelectorAll('[data-testid="step"]')].every((s) =>
        ['pass', 'fail', 'unknown'].includes(s.dataset.verdict ?? ''),
      ),
    );
    // What it is about is asked about: the label is in the question, and a number came.
    const run = await until('the run is kept', async () =>
      (await call('runbook_runs')).runs.find((r) => r.alert?.fingerprint === found.fingerprint),
    );
    assert.ok(
      run.steps.some((s) => s.value !== null),
      JSON.stringify(run.steps),
    );
    if (found.tenant) assert.ok(run.steps.some((s) => s.query.includes(found.tenant)));
    assert.deepEqual(await violations(page), []);
    await done();
  },
);

test('the settings test an endpoint and name what is wrong', LONG, async () => {
  const { page, done } = await open('settings');
  await page.getByTestId('test-prometheus').click();
  await page.getByTestId('tester-prometheus').locator('[data-testid="test-result"][data-ok="true"]').waitFor();
  await page.getByTestId('urls-prometheus').fill('http://127.0.0.1:1');
  await page.getByTestId('test-prometheus').click();
  await page.getByTestId('tester-prometheus').locator('[data-code="refused"]').waitFor();
  await page.getByTestId('urls-prometheus').fill('not an address');
  await page.getByTestId('tester-prometheus').getByText('is not a URL').waitFor();
  await done();
});

test('the theme is kept', LONG, async () => {
  const first = (await call('settings_get')).theme;
  const { page, done } = await open('settings');
  await page.getByTestId('tab-panel').click();
  for (const theme of ['light', 'dark']) {
    await page.getByTestId('theme').locator(`label:has([data-value="${theme}"])`).click();
    await until(`theme ${theme}`, async () => (await call('settings_get')).theme === theme);
    // An older delta may still be on its way to the page.
    await page.waitForFunction((t) => document.documentElement.dataset.theme === t, theme);
  }
  await call('settings_set', { ...(await call('settings_get')), theme: first });
  await done();
});

test('axe finds nothing on any screen in either theme', { timeout: 180_000 }, async () => {
  const settings = await call('settings_get');
  const found = [];
  for (const theme of ['dark', 'light']) {
    await call('settings_set', { ...settings, theme });
    for (const screen of ['overview', 'alerts', 'maintenance', 'backups', 'settings']) {
      const { page, done } = await open(screen, theme);
      await page.waitForFunction((t) => document.documentElement.dataset.theme === t, theme);
      await page.waitForTimeout(1500);
      for (const v of await violations(page)) found.push(`${theme} ${screen}: ${v}`);
      await done();
    }
  }
  await call('settings_set', settings);
  assert.deepEqual([...new Set(found)], []);
});

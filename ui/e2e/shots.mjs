// Pictures of every screen in every theme, size and state, for eyes: `npm run shots [folder] [pattern]`.
import { mkdir } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { chromium } from 'playwright-core';
import { CHROMIUM, EXECUTABLE, serveMock } from './serve.mjs';

const folder = process.argv[2] ?? join(tmpdir(), 'aether-shots');
const pattern = new RegExp(process.argv[3] ?? '');
const SIZES = [
  [960, 600],
  [1280, 800],
  [1920, 1080],
];
const press = (keys) => async (page) => {
  for (const k of keys) await page.keyboard.press(k);
};
const click =
  (...ids) =>
  async (page) => {
    for (const id of ids) {
      await page.getByTestId(id).first().click();
      await page.waitForTimeout(250);
    }
  };

const CASES = [
  ...['loaded', 'calm', 'empty', 'stale', 'never', 'loading', 'idle', 'hostile'].flatMap((scene) => [
    {
      name: `overview-${scene}`,
      query: `scene=${scene}${['loaded', 'hostile'].includes(scene) ? '&window=on' : ''}`,
      hash: 'overview',
    },
    { name: `alerts-${scene}`, query: `scene=${scene}`, hash: 'alerts' },
    {
      name: `maintenance-${scene}`,
      query: `scene=${scene}${['loaded', 'hostile', 'stale'].includes(scene) ? '&window=on' : ''}`,
      hash: 'maintenance',
    },
  ]),
  {
    name: 'overview-detail',
    query: 'scene=loaded',
    hash: 'overview/health-score',
    then: async (p) => {
      await p.waitForTimeout(400);
      await p.mouse.move(1280 - 300, 260);
    },
  },
  { name: 'overview-detail-hostile', query: 'scene=hostile', hash: 'overview/cache-hit-ratio' },
  { name: 'alerts-open', query: 'scene=loaded&window=on', hash: 'alerts', then: click('alert-row') },
  { name: 'alerts-open-hostile', query: 'scene=hostile', hash: 'alerts', then: click('alert-row') },
  {
    name: 'alerts-grouped',
    query: 'scene=loaded',
    hash: 'alerts',
    then: async (p) => {
      for (const label of ['alertname', 'tenant_id']) {
        await p.getByTestId('group-by').getByRole('button').click();
        await p.getByTestId('group-by').getByRole('menuitem', { name: label }).click();
      }
      await p.waitForTimeout(400);
    },
  },
  {
    name: 'alerts-history',
    query: 'scene=loaded',
    hash: 'alerts',
    then: async (p) => {
      await p.getByTestId('alerts-part').locator('label:has([data-value="history"])').click();
      await p.waitForTimeout(400);
    },
  },
  {
    name: 'alerts-history-none',
    query: 'scene=empty',
    hash: 'alerts',
    then: async (p) => {
      await p.getByTestId('alerts-part').locator('label:has([data-value="history"])').click();
      await p.waitForTimeout(400);
    },
  },
  {
    name: 'alerts-suggest',
    query: 'scene=loaded',
    hash: 'alerts',
    then: async (p) => {
      await p.getByTestId('alerts-filter').pressSequentially('tenant_id="');
      await p.waitForTimeout(500);
      await p.keyboard.press('ArrowDown');
    },
  },
  {
    name: 'alerts-columns',
    query: 'scene=loaded',
    hash: 'alerts',
    then: (p) => p.getByTestId('columns').getByRole('button').click(),
  },
  {
    name: 'alerts-saved',
    query: 'scene=loaded',
    hash: 'alerts',
    then: async (p) => {
      await p.getByTestId('saved-lists').getByRole('button').click();
      await p.getByRole('menuitem', { name: 'Save this' }).click();
    },
  },
  { name: 'alerts-huge', query: 'scene=huge', hash: 'alerts' },
  {
    name: 'alerts-filtered',
    query: 'scene=loaded',
    hash: 'alerts',
    then: async (p) => {
      await p.getByTestId('alerts-filter').fill('severity="nothing" ');
      await p.waitForTimeout(600);
    },
  },
  {
    name: 'alerts-bad-filter',
    query: 'scene=loaded',
    hash: 'alerts',
    then: async (p) => {
      await p.getByTestId('alerts-filter').fill('severity="open');
      await p.waitForTimeout(600);
    },
  },
  { name: 'start-dialog', query: 'scene=loaded', hash: 'overview', then: press(['m']) },
  {
    name: 'start-running',
    query: 'scene=loaded&slow=3000',
    hash: 'overview',
    then: async (p) => {
      await p.keyboard.press('m');
      await p.getByTestId('reason').fill('Rolling deploy v2.3.0');
      await p.getByTestId('start-confirm').click();
      await p.waitForTimeout(400);
    },
  },
  {
    name: 'start-done',
    query: 'scene=loaded',
    hash: 'overview',
    then: async (p) => {
      await p.keyboard.press('m');
      await p.getByTestId('reason').fill('Rolling deploy v2.3.0');
      await p.getByTestId('start-confirm').click();
      await p.waitForTimeout(900);
    },
  },
  {
    name: 'start-failed',
    query: 'scene=loaded',
    hash: 'maintenance',
    then: async (p) => {
      await p.getByTestId('reason').fill('fail');
      await p.getByTestId('screen-start-confirm').click();
      await p.waitForTimeout(900);
    },
  },
  { name: 'end-dialog', query: 'scene=loaded&window=on', hash: 'overview', then: click('maintenance-end') },
  { name: 'ended', query: 'scene=loaded&window=on', hash: 'overview', then: click('maintenance-end', 'end-confirm') },
  { name: 'closeout', query: 'scene=loaded', hash: 'maintenance', then: click('past-closeout') },
  { name: 'closeout-hostile', query: 'scene=hostile', hash: 'maintenance', then: click('past-closeout') },
  { name: 'schedule', query: 'scene=loaded', hash: 'maintenance', then: click('schedule-new') },
  ...['loaded', 'calm', 'empty', 'never', 'hostile'].map((scene) => ({
    name: `rules-${scene}`,
    query: `scene=${scene}`,
    hash: 'rules',
  })),
  ...['loaded', 'calm', 'empty', 'never', 'hostile'].map((scene) => ({
    name: `versions-${scene}`,
    query: `scene=${scene}`,
    hash: 'versions',
  })),
  { name: 'versions-open', query: 'scene=loaded', hash: 'versions', then: click('pin-name') },
  {
    name: 'versions-repin',
    query: 'scene=loaded',
    hash: 'versions',
    then: async (p) => {
      await click('pin-name', 'pin-change')(p);
      await p.getByTestId('repin-image').fill('prom/prometheus:v2.55.1');
      await p.getByTestId('repin-plan').click();
      await p.waitForTimeout(400);
    },
  },
  ...['loaded', 'empty', 'never', 'loading', 'hostile', 'huge'].map((scene) => ({
    name: `training-${scene}`,
    query: `scene=${scene}`,
    hash: 'runbooks/training',
  })),
  { name: 'training-refused', query: 'scene=loaded&drill=none', hash: 'runbooks/training' },
  {
    name: 'training-lower',
    query: 'scene=loaded',
    hash: 'runbooks/training',
    then: (p) => p.getByTestId('past-drills').scrollIntoViewIfNeeded(),
  },
  {
    name: 'training-lower-hostile',
    query: 'scene=hostile',
    hash: 'runbooks/training',
    then: (p) => p.getByTestId('past-drills').scrollIntoViewIfNeeded(),
  },
  {
    name: 'training-lower-huge',
    query: 'scene=huge',
    hash: 'runbooks/training',
    then: (p) => p.getByTestId('past-drills').scrollIntoViewIfNeeded(),
  },
  { name: 'training-remove', query: 'scene=loaded', hash: 'runbooks/training', then: click('person-remove') },
  { name: 'drill-start', query: 'scene=loaded', hash: 'runbooks/training', then: click('drill-start') },
  { name: 'drill-start-any', query: 'scene=loaded', hash: 'runbooks/training', then: click('drill-surprise') },
  ...['overview', 'alerts', 'runbooks/training'].map((hash) => ({
    name: `drill-on-${hash.replace('/', '-')}`,
    query: 'scene=loaded&window=on&drill=on',
    hash,
  })),
  { name: 'drill-quiet', query: 'scene=loaded&drill=quiet', hash: 'overview' },
  { name: 'drill-hostile', query: 'scene=hostile&window=on&drill=on', hash: 'overview' },
  {
    name: 'drill-operations',
    query: 'scene=loaded&drill=on',
    hash: 'alerts',
    then: (p) => p.getByTestId('drill-operate').getByRole('button').click(),
  },
  { name: 'drill-end', query: 'scene=loaded&drill=on', hash: 'alerts', then: click('drill-end') },
  {
    name: 'drill-over',
    query: 'scene=loaded&drill=on',
    hash: 'overview',
    then: click('drill-end', 'drill-end-confirm'),
  },
  ...[
    ['passed', 'd-1'],
    ['failed', 'd-2'],
    ['given-up', 'd-3'],
    ['none', 'd-99'],
  ].map(([name, id]) => ({ name: `drill-report-${name}`, query: 'scene=loaded', hash: `runbooks/training~${id}` })),
  { name: 'drill-report-hostile', query: 'scene=hostile', hash: 'runbooks/training~d-2' },
  { name: 'drill-runs', query: 'scene=loaded', hash: 'runbooks' },
  ...['loaded', 'calm', 'empty', 'never', 'hostile'].map((scene) => ({
    name: `checks-${scene}`,
    query: `scene=${scene}`,
    hash: 'checks',
  })),
  {
    name: 'checks-running',
    query: 'scene=loaded&slow=900',
    hash: 'checks',
    then: async (p) => {
      await p.getByTestId('check-start').first().click();
      await p.waitForTimeout(2200);
    },
  },
  {
    name: 'rule-links',
    query: 'scene=loaded',
    hash: 'rules',
    then: async (p) => {
      await p.getByTestId('rules-links').click();
      await p.getByTestId('rule-link').first().waitFor();
    },
  },
  {
    name: 'rules-stale',
    query: 'scene=stale',
    hash: 'rules',
    then: async (p) => {
      await p.getByTestId('rules-refresh').click();
      await p.waitForTimeout(300);
    },
  },
  {
    name: 'settings-own-checks',
    query: 'scene=loaded',
    hash: 'settings',
    then: async (p) => {
      await p.getByTestId('own-add').scrollIntoViewIfNeeded();
    },
  },
  {
    name: 'rule-change',
    query: 'scene=loaded',
    hash: 'rules',
    then: async (p) => {
      await p.getByTestId('rule-open').first().click();
      await p.getByTestId('live-verdict').waitFor();
      await p.getByTestId('rewrite-apply').click();
      await p.getByTestId('rule-plan').click();
      await p.waitForTimeout(400);
    },
  },
  {
    name: 'rule-dead',
    query: 'scene=loaded',
    hash: 'rules',
    then: async (p) => {
      await p.getByTestId('rule-open').first().click();
      await p.waitForTimeout(500);
    },
  },
  ...['loaded', 'empty', 'never', 'loading', 'hostile'].map((scene) => ({
    name: `backups-${scene}`,
    query: `scene=${scene}${scene === 'loaded' ? '&job=on' : ''}`,
    hash: 'backups',
  })),
  {
    name: 'backup-open',
    query: 'scene=loaded',
    hash: 'backups',
    then: async (p) => {
      await p.getByTestId('backup-open').nth(1).click();
      await p.getByTestId('dashboard-open').first().click();
      await p.waitForTimeout(400);
    },
  },
  {
    name: 'backup-schema-v2',
    query: 'scene=loaded',
    hash: 'backups',
    then: async (p) => {
      await p.getByTestId('backup-open').nth(1).click();
      await p.getByTestId('dashboard-open').last().click();
      await p.waitForTimeout(400);
    },
  },
  {
    name: 'backup-hostile',
    query: 'scene=hostile',
    hash: 'backups',
    then: async (p) => {
      await p.getByTestId('backup-open').nth(4).click();
      await p.getByTestId('dashboard-open').first().click();
      await p.waitForTimeout(400);
    },
  },
  {
    name: 'backup-stale',
    query: 'scene=stale',
    hash: 'backups',
    then: async (p) => {
      await p.getByTestId('backup-open').nth(1).click();
      await p.waitForTimeout(400);
    },
  },
  ...['compare', 'files', 'blocks', 'manifest'].map((tab) => ({
    name: `backup-${tab}`,
    query: 'scene=loaded',
    hash: 'backups',
    then: async (p) => {
      await p.getByTestId('backup-open').nth(1).click();
      await p.getByTestId(`tab-${tab}`).click();
      await p.waitForTimeout(300);
      if (tab === 'files') {
        await p.getByTestId('file').nth(1).click();
        await p.waitForTimeout(300);
      }
    },
  })),
  ...['alerting', 'configs', 'other'].flatMap((tab) =>
    ['loaded', 'hostile', 'stale'].map((scene) => ({
      name: `restore-${tab}-${scene}`,
      query: `scene=${scene}`,
      hash: 'backups',
      then: async (p) => {
        await p.getByTestId('backup-open').nth(1).click();
        await p.getByTestId(`tab-${tab}`).click();
        await p.waitForTimeout(400);
        if (scene !== 'stale')
          await p
            .getByTestId('item-open')
            .nth(tab === 'other' ? 0 : 2)
            .click();
        await p.waitForTimeout(300);
      },
    })),
  ),
  ...['loaded', 'hostile'].map((scene) => ({
    name: `restore-data-${scene}`,
    query: `scene=${scene}`,
    hash: 'backups',
    then: async (p) => {
      await p.getByTestId('backup-open').nth(1).click();
      await p.getByTestId('tab-blocks').click();
      if (scene === 'loaded') await p.getByTestId('data-restore').click();
      await p.waitForTimeout(500);
    },
  })),
  {
    name: 'restore-data-sure',
    query: 'scene=loaded',
    hash: 'backups',
    then: async (p) => {
      await p.getByTestId('backup-open').nth(1).click();
      await p.getByTestId('tab-blocks').click();
      await p.getByTestId('data-restore').click();
      await p.getByTestId('data-apply').click();
      await p.waitForTimeout(300);
    },
  },
  {
    name: 'restore-data-done',
    query: 'scene=loaded',
    hash: 'backups',
    then: async (p) => {
      await p.getByTestId('backup-open').nth(1).click();
      await p.getByTestId('tab-blocks').click();
      await p.getByTestId('data-restore').click();
      await p.getByTestId('data-apply').click();
      await p.getByTestId('data-confirm').click();
      await p.waitForTimeout(400);
    },
  },
  {
    name: 'elsewhere',
    query: 'scene=loaded',
    hash: 'backups',
    then: async (p) => {
      await p.getByTestId('elsewhere-open').click();
      await p.getByTestId('remote-verify').first().click();
      await p.waitForTimeout(300);
    },
  },
  {
    name: 'restore-configs-plan',
    query: 'scene=loaded',
    hash: 'backups',
    then: async (p) => {
      await p.getByTestId('backup-open').nth(1).click();
      await p.getByTestId('tab-configs').click();
      await p.getByTestId('choose-all').check();
      await p.getByTestId('restore').click();
      await p.waitForTimeout(400);
      await p.getByText('Changes', { exact: true }).click();
      await p.waitForTimeout(300);
    },
  },
  {
    name: 'restore-configs-done',
    query: 'scene=loaded',
    hash: 'backups',
    then: async (p) => {
      await p.getByTestId('backup-open').nth(1).click();
      await p.getByTestId('tab-configs').click();
      await p.getByTestId('choose-all').check();
      await p.getByTestId('restore').click();
      await p.waitForTimeout(300);
      await p.getByTestId('restore-confirm').click();
      await p.waitForTimeout(400);
    },
  },
  {
    name: 'backup-diff',
    query: 'scene=loaded',
    hash: 'backups',
    then: async (p) => {
      await p.getByTestId('backup-open').nth(1).click();
      await p.getByTestId('dashboard-open').first().click();
      await p.getByTestId('look-view').locator('label:has([data-value="diff"])').click();
      await p.waitForTimeout(400);
    },
  },
  {
    name: 'restore-plan',
    query: 'scene=loaded',
    hash: 'backups',
    then: async (p) => {
      await p.getByTestId('backup-open').nth(1).click();
      await p.waitForTimeout(300);
      await p.getByTestId('choice').first().selectOption('replace');
      await p.waitForTimeout(300);
      for (const uid of ['aether-rag-ops', 'tenant-costs']) await p.locator(`[data-uid="${uid}"] input`).check();
      await p.getByTestId('restore').click();
      await p.waitForTimeout(400);
    },
  },
  {
    name: 'restore-done',
    query: 'scene=loaded',
    hash: 'backups',
    then: async (p) => {
      await p.getByTestId('backup-open').nth(1).click();
      await p.waitForTimeout(300);
      for (const uid of ['aether-rag-ops', 'tenant-costs']) await p.locator(`[data-uid="${uid}"] input`).check();
      await p.getByTestId('restore').click();
      await p.waitForTimeout(300);
      await p.getByTestId('restore-confirm').click();
      await p.getByTestId('undo').click();
      await p.waitForTimeout(300);
    },
  },
  { name: 'backup-new', query: 'scene=loaded', hash: 'backups', then: click('backup-now', 'backup-confirm') },
  {
    name: 'backup-made',
    query: 'scene=loaded',
    hash: 'backups',
    then: async (p) => {
      await p.getByTestId('backup-now').click();
      await p.getByTestId('backup-reason').fill('Before deploy v2.3.1');
      await p.getByTestId('backup-confirm').click();
      await p.getByTestId('backup-done').waitFor();
    },
  },
  ...['loaded', 'hostile', 'empty'].map((scene) => ({
    name: `backup-import-${scene}`,
    query: `scene=${scene}`,
    hash: 'backups',
    then: click('import', 'import-confirm'),
  })),
  {
    name: 'backup-archived',
    query: 'scene=loaded',
    hash: 'backups',
    then: async (p) => {
      await p.getByTestId('backup-open').nth(1).click();
      await p.getByTestId('export').getByRole('button').click();
      await p.waitForTimeout(300);
    },
  },
  {
    name: 'backup-prune',
    query: 'scene=loaded',
    hash: 'backups',
    then: async (p) => {
      await p.getByTestId('prune').click();
      await p.locator('#prune-last').fill('2');
      await p.waitForTimeout(400);
    },
  },
  {
    name: 'backup-find',
    query: 'scene=loaded',
    hash: 'backups',
    then: async (p) => {
      await p.getByTestId('backup-find').fill('cost');
      await p.waitForTimeout(600);
    },
  },
  { name: 'deploy-new', query: 'scene=loaded', hash: 'maintenance', then: click('deploy-new') },
  { name: 'deploy-on', query: 'scene=loaded&deploy=on', hash: 'maintenance', then: click('deploy-open') },
  {
    name: 'deploy-hostile',
    query: 'scene=hostile&deploy=on',
    hash: 'maintenance',
    then: click('deploy-open', 'step-skip'),
  },
  ...['loaded', 'empty', 'stale', 'never', 'hostile', 'loading'].map((scene) => ({
    name: `runbooks-${scene}`,
    query: `scene=${scene}`,
    hash: 'runbooks',
  })),
  ...['loaded', 'stale', 'hostile'].map((scene) => ({
    name: `runbook-alert-${scene}`,
    query: `scene=${scene}`,
    hash: 'alerts',
    then: async (p) => {
      await p
        .getByTestId('alert-row')
        .nth(scene === 'hostile' ? 0 : 1)
        .click();
      await p.getByTestId('runbook-this').click();
      await p.waitForTimeout(900);
    },
  })),
  {
    name: 'runbook-asking',
    query: 'scene=loaded&slow=2000',
    hash: 'alerts',
    then: async (p) => {
      await p.getByTestId('alert-row').nth(1).click();
      await p.getByTestId('runbook-this').click();
      await p.waitForTimeout(2600);
    },
  },
  { name: 'runbook-none', query: 'scene=loaded', hash: 'runbooks/@missing-alert' },
  { name: 'runbook-page', query: 'scene=loaded', hash: 'runbooks/LowConfidenceSpikeVIP' },
  { name: 'runbook-document', query: 'scene=loaded', hash: 'runbooks/ON_CALL_RUNBOOK' },
  {
    name: 'runbook-run',
    query: 'scene=loaded',
    hash: 'runbooks',
    then: async (p) => {
      await p.getByTestId('run-pick').first().click();
      await p.getByTestId('run-export').click();
      await p.waitForTimeout(500);
    },
  },
  ...['loaded', 'empty', 'stale', 'never', 'idle', 'hostile'].map((scene) => ({
    name: `slo-${scene}`,
    query: `scene=${scene}`,
    hash: 'slos',
  })),
  ...['loaded', 'calm', 'hostile', 'stale'].map((scene) => ({
    name: `escalation-${scene}`,
    query: `scene=${scene}`,
    hash: 'overview',
  })),
  {
    name: 'escalation-alert',
    query: 'scene=loaded',
    hash: 'alerts',
    then: async (p) => {
      await p.getByTestId('alert-row').first().click();
      await p.waitForTimeout(500);
    },
  },
  {
    name: 'escalation-mark',
    query: 'scene=loaded',
    hash: 'overview',
    then: async (p) => {
      await p.getByTestId('escalation-open').first().click();
      await p.getByTestId('escalation-mark').first().click();
      await p.waitForTimeout(200);
    },
  },
  { name: 'palette', query: 'scene=loaded', hash: 'overview', then: press(['Control+k']) },
  { name: 'shortcuts', query: 'scene=loaded', hash: 'overview', then: press(['?']) },
  { name: 'service', query: 'scene=loaded', hash: 'overview', then: click('light-grafana') },
  {
    name: 'stack-menu',
    query: 'scene=loaded',
    hash: 'overview',
    then: (p) => p.getByTestId('stack-menu').getByRole('button').first().click(),
  },
  {
    name: 'settings-stack',
    query: 'scene=loaded&banner=on',
    hash: 'settings',
    then: click('test-prometheus', 'test-grafana'),
  },
  {
    name: 'settings-refused',
    query: 'scene=loaded',
    hash: 'settings',
    then: (p) => p.getByRole('button', { name: 'staging file' }).click(),
  },
  { name: 'settings-credentials', query: 'scene=loaded&banner=on', hash: 'settings', then: click('tab-credentials') },
  { name: 'settings-origin', query: 'scene=loaded&origin=changed', hash: 'settings', then: click('tab-credentials') },
  {
    name: 'trust-dialog',
    query: 'scene=loaded&origin=changed',
    hash: 'settings',
    then: click('tab-credentials', 'secret-review'),
  },
  {
    name: 'settings-plain-http',
    query: 'scene=loaded',
    hash: 'settings',
    then: (p) => p.getByTestId('allow-plain-http-alertmanager').scrollIntoViewIfNeeded(),
  },
  { name: 'settings-panel', query: 'scene=loaded', hash: 'settings', then: click('tab-panel') },
  { name: 'settings-about', query: 'scene=loaded', hash: 'settings', then: click('tab-about') },
  { name: 'first-1', query: 'scene=first', hash: 'overview' },
  {
    name: 'first-2',
    query: 'scene=first',
    hash: 'overview',
    then: async (p) => {
      await p.getByTestId('first-grafana').fill('http://localhost:3000');
      await p.getByTestId('first-next').click();
      await p.waitForTimeout(400);
    },
  },
  {
    name: 'first-3',
    query: 'scene=first',
    hash: 'overview',
    then: async (p) => {
      await p.getByTestId('first-next').click();
      await p.waitForTimeout(400);
      await p.getByTestId('first-next').click();
    },
  },
];

await mkdir(folder, { recursive: true });
const served = await serveMock();
const browser = await chromium.launch({ executablePath: EXECUTABLE, args: CHROMIUM });
let faults = 0;
for (const theme of ['dark', 'light']) {
  for (const [width, height] of SIZES) {
    for (const shot of CASES) {
      const name = `${shot.name}-${theme}-${width}`;
      if (!pattern.test(name)) continue;
      const page = await browser.newPage({ viewport: { width, height } });
      page.on('console', (m) => {
        if (m.type() === 'error' || m.type() === 'warning') {
          faults += 1;
          console.log(name, m.type(), m.text());
        }
      });
      page.on('pageerror', (e) => {
        faults += 1;
        console.log(name, e.message);
      });
      try {
        await page.goto(`${served.url}?${shot.query}&theme=${theme}#/${shot.hash}`);
        await page.waitForTimeout(700);
        await shot.then?.(page);
        await page.waitForTimeout(350);
      } catch (thrown) {
        faults += 1;
        console.log(name, thrown.message.split('\n')[0]);
      }
      await page.screenshot({ path: join(folder, `${name}.png`) });
      await page.close();
    }
  }
}
await browser.close();
await served.close();
console.log(`${folder}: done, ${faults} faults`);
process.exitCode = faults > 0 ? 1 : 0;

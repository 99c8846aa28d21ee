// Every screen, dialog and state of the window on made-up data, as the tests see them that hold everywhere.
import { click } from './screens/support.mjs';

/** Opens a rule and plans the rewrite that is proposed for it. */
async function planRewrite(page) {
  await click('rule-open')(page);
  await page.getByTestId('live-verdict').waitFor();
  await click('rewrite-apply', 'rule-plan')(page);
}

/** A query for the made-up backend, the address of a screen, and what leads to a state of it. */
export const VIEWS = [
  ...['loaded', 'calm', 'empty', 'stale', 'never', 'loading', 'hostile', 'idle'].flatMap((s) =>
    ['overview', 'alerts', 'maintenance'].map((h) => [`scene=${s}&window=on&banner=on`, h]),
  ),
  ...['loaded', 'empty', 'hostile'].map((s) => [`scene=${s}`, 'checks']),
  ...['loaded', 'calm', 'empty', 'never', 'hostile'].map((s) => [`scene=${s}`, 'versions']),
  ['scene=loaded', 'versions', click('pin-name')],
  ['scene=hostile', 'versions', click('pin-name')],
  [
    'scene=loaded',
    'versions',
    async (p) => {
      await click('pin-name', 'pin-change')(p);
      await p.getByTestId('repin-image').fill('prom/prometheus:v2.55.1');
      await click('repin-plan')(p);
    },
  ],
  ...['loaded', 'empty', 'never', 'hostile'].map((s) => [`scene=${s}`, 'runbooks']),
  ...['loaded', 'hostile'].map((s) => [
    `scene=${s}`,
    'alerts',
    async (p) => {
      await p
        .getByTestId('alert-row')
        .nth(s === 'loaded' ? 1 : 0)
        .click();
      await click('runbook-this')(p);
    },
  ]),
  ...['loaded', 'never', 'idle', 'hostile'].map((s) => [`scene=${s}`, 'slos']),
  ...[
    'scene=loaded',
    'scene=empty',
    'scene=never',
    'scene=loading',
    'scene=hostile',
    'scene=huge',
    'scene=loaded&drill=none',
    'scene=loaded&drill=on',
  ].map((q) => [q, 'runbooks/training']),
  ...['d-1', 'd-2', 'd-3', 'd-99'].map((id) => ['scene=loaded', `runbooks/training~${id}`]),
  ['scene=hostile', 'runbooks/training~d-2'],
  ['scene=loaded', 'runbooks/training', click('drill-start')],
  [
    'scene=loaded',
    'runbooks/training',
    async (p) => {
      await click('person-add')(p);
      await p.getByTestId('person-name').fill('fail');
      await click('person-confirm')(p);
    },
  ],
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
  ...['loaded', 'empty', 'hostile'].map((s) => [`scene=${s}`, 'rules', click('rules-links')]),
  [
    'scene=loaded',
    'rules',
    async (p) => {
      await planRewrite(p);
      await p.getByLabel('Reason').fill('fail');
      await click('rule-apply')(p);
    },
  ],
  ['scene=never', 'checks'],
  ['scene=loaded&slow=2000', 'checks', click('check-start')],
  [
    'scene=loaded',
    'settings',
    async (p) => {
      await click('own-add', 'vip-add', 'stack-save')(p);
    },
  ],
  ['scene=loaded', 'rules', planRewrite],
  ['scene=loaded', 'settings'],
  ['scene=loaded', 'settings', click('test-prometheus', 'test-grafana')],
  ['scene=loaded&banner=on', 'settings', click('tab-credentials')],
  ['scene=loaded&origin=changed', 'settings', click('tab-credentials', 'secret-review')],
  ['scene=loaded', 'settings', click('tab-panel')],
  ['scene=loaded', 'settings', click('tab-about')],
  ['scene=loaded', 'settings', click('stack-new')],
  ['scene=loaded', 'overview/health-score'],
  ['scene=hostile', 'overview/cache-hit-ratio'],
  ['scene=loaded', 'alerts', click('alert-row')],
  ['scene=hostile', 'alerts', click('alert-row')],
  ['scene=loaded', 'alerts', (p) => p.getByTestId('columns').getByRole('button').click()],
  [
    'scene=loaded',
    'alerts',
    async (p) => {
      await p.getByTestId('saved-lists').getByRole('button').click();
      await p.getByRole('menuitem', { name: 'Manage' }).click();
    },
  ],
  [
    'scene=hostile',
    'alerts',
    async (p) => {
      await p.getByTestId('saved-lists').getByRole('button').click();
      await p.getByRole('menuitem', { name: 'Save this' }).click();
    },
  ],
  ...['loaded', 'hostile', 'empty', 'never'].map((s) => [`scene=${s}&job=on`, 'backups']),
  ['scene=loaded', 'backups', click('backup-now', 'backup-confirm')],
  ['scene=loaded', 'backups', click('run-open', 'undo')],
  ['scene=loaded', 'backups', click('prune')],
  ['scene=loaded', 'backups', click('elsewhere-open', 'remote-verify')],
  ...['loaded', 'hostile', 'empty'].map((s) => [`scene=${s}`, 'backups', click('import', 'import-confirm')]),
  [
    'scene=hostile',
    'backups',
    async (p) => {
      await p.getByTestId('backup-open').nth(4).click();
      await click('dashboard-open')(p);
    },
  ],
  ...['compare', 'files', 'blocks', 'manifest'].map((tab) => [
    'scene=loaded',
    'backups',
    async (p) => {
      await p.getByTestId('backup-open').nth(1).click();
      await click(`tab-${tab}`)(p);
      if (tab === 'files') await click('file')(p);
    },
  ]),
  [
    'scene=loaded',
    'backups',
    async (p) => {
      await p.getByTestId('backup-open').nth(1).click();
      await p.locator('[data-uid="tenant-costs"] input').check();
      await click('restore')(p);
    },
  ],
  [
    'scene=loaded',
    'backups',
    async (p) => {
      await p.getByTestId('backup-open').nth(1).click();
      await click('tab-blocks', 'data-restore', 'data-apply')(p);
    },
  ],
  ...['alerting', 'configs', 'other'].map((tab) => [
    'scene=hostile',
    'backups',
    async (p) => {
      await p.getByTestId('backup-open').nth(1).click();
      await click(`tab-${tab}`)(p);
      await p
        .getByTestId('item-open')
        .nth(tab === 'other' ? 0 : 2)
        .click();
    },
  ]),
  [
    'scene=loaded',
    'backups',
    async (p) => {
      await p.getByTestId('backup-open').nth(1).click();
      await click('dashboard-open')(p);
      await p.getByTestId('look-view').locator('label:has([data-value="diff"])').click();
    },
  ],
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
  [
    'scene=first',
    'overview',
    async (p) => {
      await p.getByTestId('first-grafana').fill('http://localhost:3000');
      await click('first-next')(p);
    },
  ],
  ['scene=first', 'overview', click('first-next', 'first-next')],
];
/** The screens of one query are seen on one page, one after the other; what a step leaves behind is seen last. */
export function visits() {
  const plain = new Map();
  const staged = [];
  for (const [query, hash, then] of VIEWS) {
    if (then) staged.push({ query, stops: [{ hash, then }] });
    else plain.set(query, [...(plain.get(query) ?? []), { hash }]);
  }
  for (const one of staged) {
    one.stops.unshift(...(plain.get(one.query) ?? []));
    plain.delete(one.query);
  }
  return [...staged, ...[...plain].map(([query, stops]) => ({ query, stops }))];
}

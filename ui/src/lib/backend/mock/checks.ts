// Made-up checks: every state, with evidence and remedies.
import type { CheckOutline, CheckResult, CheckRun, CheckState, CheckSuite } from '../../contract';
import { BIDI, type Scene } from './data';

const ok = (
  id: string,
  title: string,
  reason: string,
  evidence: string[],
  tookMs: number,
  more: Partial<CheckResult> = {},
): CheckResult => ({ id, title, state: 'pass', reason, evidence, remedy: '', effect: false, tookMs, ...more });
const VERSIONS = ok(
  'versions',
  'Servers answer, in the pinned versions',
  'Every server answers in its pinned version.',
  [
    'Prometheus http://localhost:9090: 2.54.1, pinned 2.54.1',
    'Alertmanager http://am-0:9093: 0.27.0, pinned 0.27.0',
    'Grafana http://localhost:3000: 11.2.0, pinned 11.2.0',
  ],
  118,
);
const RECORDING = ok(
  'recording-rules',
  'Recording rules',
  '8 of 8 expected rules run.',
  ['aether:cache_hit_ratio:5m: ok', 'aether:health_score:15m: ok'],
  71,
);
const DEAD = ok(
  'alerts',
  'Alerts with a guard that works',
  'The guard of CacheColdOld can never match: it never fires.',
  [
    'CacheEffectivenessDrop: The guard pairs with the condition.',
    'CacheColdOld: The condition carries `tenant_id` and the guard does not, and `and` pairs only series of equal labels, so the result is always empty and the alert never fires.',
  ],
  72,
  { state: 'fail', remedy: 'The Rules screen proposes a rewrite; so does aetherctl rules lint.' },
);
const DASHBOARD = ok(
  'dashboard',
  'Grafana and its dashboard',
  'Grafana is well, and the dashboard has its 5 panels.',
  ['/api/health: database ok'],
  29,
);
const SERVICE = ok(
  'service',
  'The service’s metrics',
  'The service is scraped and has its 5 key metrics.',
  ['aether_rag_answers_total: 18 series', 'scraped from aether-api api-1:8000'],
  102,
);
const RECORDED = ok(
  'recorded',
  'Recorded values',
  'No recent traffic: aether:cache_hit_ratio:5m are no numbers.',
  ['aether:cache_hit_ratio:5m: 9 series, 0 with a number'],
  44,
  { state: 'warn', remedy: 'Is nobody using the service, or is the traffic not counted?' },
);
const effect = (id: string, title: string, reason: string, allowed: boolean, tookMs: number): CheckResult =>
  ok(
    id,
    title,
    allowed ? reason : 'It changes something on a server, and that was not allowed.',
    [],
    allowed ? tookMs : 0,
    { effect: true, ...(allowed ? {} : { state: 'skipped', remedy: 'Run it again and allow it (--with-effects).' }) },
  );

function list(suite: CheckSuite, effects: boolean): CheckResult[] {
  if (suite === 'quick') return [VERSIONS, RECORDING, DEAD, DASHBOARD, SERVICE, RECORDED];
  if (suite === 'preprod')
    return [
      ok(
        'files',
        'Syntax of the files',
        'All 6 files are sound.',
        ['prometheus-alerts.yml (rules, looked at by promtool): nothing against it'],
        180,
      ),
      effect('reload', 'Reload of both servers', 'Both servers have read their files again.', effects, 210),
      RECORDING,
      DEAD,
      ok(
        'data-source',
        'Grafana’s data source and dashboard',
        'Grafana is well, and the dashboard has its 5 panels.',
        [],
        61,
      ),
      effect(
        'notifications',
        'Notifications, with a test alert',
        'The test alert went to ops-mail and was taken back.',
        effects,
        940,
      ),
      ok(
        'smoke',
        'Traffic in, metrics out',
        'Traffic goes in (42.10 a second), and recorded series answer in time.',
        [],
        88,
      ),
    ];
  if (suite === 'after-deploy')
    return [
      VERSIONS,
      ok(
        'changed',
        'Only what was meant has changed',
        'What was to stay has changed: Grafana http://localhost:3000: 11.2.0 → 11.2.1, and its pin is grafana/grafana:11.2.0 as before.',
        [
          'compared with the deploy "v2.3.0"',
          'Grafana http://localhost:3000: 11.2.0 → 11.2.1',
          'container aether-api: aether/api:2.2.9 → aether/api:2.3.0',
        ],
        88,
        {
          state: 'warn',
          remedy: 'Go back to the pinned version: docker compose up -d SERVICE; or change the pin, if it was meant.',
        },
      ),
      ok(
        'new-alerts',
        'No new alert',
        '2 alerts fire that did not fire before.',
        ['LowConfidenceSpike (acme)', 'HealthScoreDegradation'],
        210,
        { state: 'fail', remedy: 'Look at them on the Alerts screen; roll back if they are about what was deployed.' },
      ),
      ok('targets', 'Targets are up', 'All 5 targets are up.', [], 18),
      ok(
        'gauges',
        'Gauges as before the deploy',
        'No gauge is worse than before.',
        ['Cache hit ratio: 41.2 % → 38.4 %'],
        205,
      ),
    ];
  return [
    VERSIONS,
    RECORDING,
    DEAD,
    DASHBOARD,
    SERVICE,
    RECORDED,
    effect('test-backup', 'A test backup', 'A backup was made, and every file of it was read back.', effects, 4200),
    effect(
      'test-silence',
      'A silence of a minute',
      'A silence was active on every member, and was ended.',
      effects,
      310,
    ),
  ];
}

const ORDER: CheckState[] = ['waiting', 'running', 'pass', 'skipped', 'warn', 'fail'];
export const worst = (checks: CheckResult[]): CheckState =>
  checks
    .map((c) => c.state)
    .filter((s) => s !== 'skipped')
    .sort((a, b) => ORDER.indexOf(b) - ORDER.indexOf(a))[0] ?? 'skipped';

export function checkRun(suite: CheckSuite, effects: boolean, createdBy: string, at: number, scene: Scene): CheckRun {
  let checks = list(suite, effects).map((c) => structuredClone(c));
  if (scene === 'calm')
    checks = checks.map((c) =>
      c.state === 'skipped'
        ? c
        : { ...c, state: 'pass', reason: c.state === 'pass' ? c.reason : 'As it should be.', remedy: '' },
    );
  if (scene === 'never')
    checks = checks.map((c) => ({
      ...c,
      state: 'fail',
      reason: 'Nothing answers at http://localhost:9090.',
      remedy: 'Start it, or correct its address in Settings, Stacks.',
      evidence: [],
    }));
  if (scene === 'hostile') checks = checks.map((c) => ({ ...c, reason: c.reason + BIDI, evidence: [BIDI.repeat(20)] }));
  return {
    id: `${suite}-${at}`,
    stack: 'production',
    suite,
    createdBy,
    deploy: '',
    effects,
    startedAt: at - 900,
    endedAt: at,
    cancelled: false,
    verdict: worst(checks),
    checks,
  };
}

export function checkHistory(scene: Scene, now: number): CheckRun[] {
  if (scene === 'empty' || scene === 'loading') return [];
  const cut = checkRun('sanity', true, 'bob', now - 26 * 3_600_000, scene);
  return [
    checkRun('quick', false, 'alice', now - 12 * 60_000, scene),
    checkRun('preprod', true, 'alice', now - 3 * 3_600_000, scene),
    {
      ...cut,
      endedAt: null,
      verdict: 'running',
      checks: cut.checks.map((c, i) =>
        i > 3 ? { ...c, state: 'waiting', reason: '', evidence: [], tookMs: null } : c,
      ),
    },
    { ...checkRun('after-deploy', false, 'carol', now - 50 * 3_600_000, scene), cancelled: true },
  ];
}

export const checkOutline = (run: CheckRun): CheckOutline => ({
  id: run.id,
  suite: run.suite,
  verdict: run.verdict,
  endedAt: run.endedAt ?? run.startedAt,
  passed: run.checks.filter((c) => c.state === 'pass').length,
  total: run.checks.length,
});

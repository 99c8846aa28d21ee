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
  'Alert guards',
  'The guard of CacheColdOld can never match, so the alert never fires.',
  [
    'CacheEffectivenessDrop: The guard pairs with the condition.',
    'CacheColdOld: The condition carries `tenant_id` and the guard does not, and `and` pairs only series of equal labels, so the result is always empty and the alert never fires.',
  ],
  72,
  { state: 'fail', remedy: 'See the suggested rewrite on the Rules screen or in aetherctl rules lint.' },
);
const DASHBOARD = ok(
  'dashboard',
  'Grafana and its dashboard',
  'Grafana is healthy, and the dashboard has all 5 panels.',
  ['/api/health: database ok'],
  29,
);
const SERVICE = ok(
  'service',
  'Service metrics',
  'The service is scraped, and all 5 key metrics exist.',
  ['aether_rag_answers_total: 18 series', 'scraped from aether-api api-1:8000'],
  102,
);
const RECORDED = ok(
  'recorded',
  'Recorded values',
  'No recent traffic: aether:cache_hit_ratio:5m have no numeric value.',
  ['aether:cache_hit_ratio:5m: 9 series, 0 with a number'],
  44,
  { state: 'warn', remedy: 'Check whether the service is in use and its traffic is counted.' },
);
const effect = (id: string, title: string, reason: string, allowed: boolean, tookMs: number): CheckResult =>
  ok(
    id,
    title,
    allowed ? reason : 'Changes something on a server; not allowed in this run.',
    [],
    allowed ? tookMs : 0,
    { effect: true, ...(allowed ? {} : { state: 'skipped', remedy: 'Run again with --with-effects.' }) },
  );

function list(suite: CheckSuite, effects: boolean): CheckResult[] {
  if (suite === 'quick') return [VERSIONS, RECORDING, DEAD, DASHBOARD, SERVICE, RECORDED];
  if (suite === 'preprod')
    return [
      ok(
        'files',
        'Configuration syntax',
        'All 6 files are valid.',
        ['prometheus-alerts.yml (rules): valid, checked by promtool'],
        180,
      ),
      effect('reload', 'Server reload', 'Both servers reloaded their configuration.', effects, 210),
      RECORDING,
      DEAD,
      ok(
        'data-source',
        'Grafana data source and dashboard',
        'Grafana is healthy, and the dashboard has all 5 panels.',
        [],
        61,
      ),
      effect(
        'notifications',
        'Notification delivery (test alert)',
        'The test alert was delivered to ops-mail and resolved.',
        effects,
        940,
      ),
      ok('smoke', 'Live traffic', 'Traffic is 42.10/s, and recorded series respond in time.', [], 88),
    ];
  if (suite === 'after-deploy')
    return [
      VERSIONS,
      ok(
        'changed',
        'Version changes',
        'Unexpected version changes: Grafana http://localhost:3000: 11.2.0 → 11.2.1.',
        [
          'compared with the deploy "v2.3.0"',
          'Grafana http://localhost:3000: 11.2.0 → 11.2.1',
          'container aether-api: aether/api:2.2.9 → aether/api:2.3.0',
        ],
        88,
        {
          state: 'warn',
          remedy: 'Return to the pinned version with docker compose up -d SERVICE, or update the pin.',
        },
      ),
      ok(
        'new-alerts',
        'New alerts',
        '2 new alerts are firing.',
        ['LowConfidenceSpike (acme)', 'HealthScoreDegradation'],
        210,
        { state: 'fail', remedy: 'Review them on the Alerts screen. If the deployment caused them, roll back.' },
      ),
      ok('targets', 'Scrape targets', 'All 5 targets are up.', [], 18),
      ok('gauges', 'Gauge regressions', 'No gauge has regressed.', ['Cache hit ratio: 41.2 % → 38.4 %'], 205),
    ];
  return [
    VERSIONS,
    RECORDING,
    DEAD,
    DASHBOARD,
    SERVICE,
    RECORDED,
    effect('test-backup', 'Test backup', 'A backup was created and every file was read back.', effects, 4200),
    effect('test-silence', 'Test silence', 'A silence was active on every member, and was ended.', effects, 310),
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
        : { ...c, state: 'pass', reason: c.state === 'pass' ? c.reason : 'No problems found.', remedy: '' },
    );
  if (scene === 'never')
    checks = checks.map((c) => ({
      ...c,
      state: 'fail',
      reason: 'Prometheus at http://localhost:9090 is unreachable.',
      remedy: 'Start the server, or correct its address in Settings, Stacks.',
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

// A made-up deploy.
import type { DeployRun, DeployStep, DeployStepKind } from '../../contract';

const KINDS: DeployStepKind[] = ['backup', 'preprod', 'window', 'deploy', 'quick', 'after', 'dashboard', 'close-out'];
const CAME: Record<DeployStepKind, [DeployStep['state'], string, string[]]> = {
  backup: ['done', 'Backup 2026-11-27_14-05: complete, every file read back.', []],
  preprod: [
    'finding',
    'Pre-production check: 4 of 7 passed, 0 failed, 1 with a warning, 2 skipped.',
    [
      'Live traffic: No traffic: no counter has increased for five minutes.',
      'Reload of both servers: It changes something on a server, and that was not allowed.',
    ],
  ],
  quick: ['done', 'Quick check: 6 of 6 passed, 0 failed, 0 with a warning, 0 skipped.', []],
  window: ['done', 'Active on 3 of 3 members.', []],
  deploy: ['done', 'Said to be done.', []],
  after: [
    'finding',
    'After-deploy check: 4 of 5 passed, 0 failed, 1 with a warning, 0 skipped.',
    [
      'Only what was meant has changed: What was to stay has changed: Grafana http://localhost:3000: 11.2.0 → 11.2.1, and its pin is grafana/grafana:11.2.0 as before.',
      'Prometheus http://localhost:9090: 2.53.2 → 2.54.1',
      'No new alert: No alert fires that did not fire before.',
      'Targets are up: All 6 targets are up.',
      'Cache hit ratio: 41.2 % → 38.4 %',
      'Health score: 57/100 → 58/100',
    ],
  ],
  alerts: [
    'finding',
    '2 alerts fire that did not fire before.',
    ['LowConfidenceSpike (acme)', 'HealthScoreDegradation'],
  ],
  gauges: [
    'done',
    'No gauge is worse than before.',
    ['Cache hit ratio: 41.2 % → 38.4 %', 'Health score: 57/100 → 58/100'],
  ],
  dashboard: ['done', 'Looked at.', ['http://localhost:3000/d/aether-rag-ops']],
  'close-out': [
    'finding',
    'It hid 7 alerts; 2 are left over. See its close-out report.',
    ['CacheEffectivenessDrop (shop-7): still firing'],
  ],
};

export function run(reason: string, by: string, windowS: number, now: number): DeployRun {
  return {
    id: '',
    stack: 'production',
    reason,
    createdBy: by || 'alice',
    windowS,
    startedAt: now,
    endedAt: null,
    state: 'open',
    steps: KINDS.map((kind) => ({ kind, state: 'waiting', note: '', evidence: [], at: null, tookMs: null })),
    backup: null,
    window: null,
    dashboardUrl: 'http://localhost:3000/d/aether-rag-ops',
    alertsBefore: [],
    gaugesBefore: [],
    ranBefore: [],
    markdown: `# Deploy: ${reason}\n`,
  };
}

export function step(s: DeployStep, act: string, reason: string): DeployStep {
  if (act === 'skip') return { ...s, state: 'skipped', note: reason, at: Date.now(), tookMs: 1 };
  const [state, note, evidence] = CAME[s.kind];
  return { ...s, state, note, evidence, at: Date.now(), tookMs: s.kind === 'backup' ? 4200 : 300 };
}

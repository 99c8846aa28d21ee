// Made-up runbooks: on an alert, without one, an own page of odd form, runs that were.
import type {
  AlertRow,
  EscalationClock,
  FigureStyle,
  Gauge,
  GaugeSpec,
  SloStatus,
  PanelError,
  RunbookHits,
  RunbookList,
  RunbookOpenRequest,
  RunbookOutline,
  RunbookRun,
  RunbookStepResult,
  RunbookVerdict,
  RunbookView,
} from '../../contract';
import { BIDI, type Scene } from './data';
import { draw } from './draw';

type Asked = [
  title: string,
  query: string,
  expect: string,
  verdict: RunbookVerdict,
  value: number | null,
  ifRed: string,
  reason?: string,
];
const T = 'tenant_id="vip-customer-123"';
const STEPS: Asked[] = [
  [
    'Is it still happening?',
    `aether:lowconfidence_pct:15m{${T}}`,
    '< 30',
    'fail',
    47.3,
    'continue. Green twice, five minutes apart: it has resolved. No value: see [no recent traffic](NoRecentTraffic.md).',
  ],
  [
    'Is it this tenant alone?',
    'count(aether:lowconfidence_pct:15m > 30) or vector(0)',
    '<= 1',
    'pass',
    1,
    'several tenants at once point to the model, the index or the reranker, not to the tenant’s documents. Look for a deploy or an index run.',
  ],
  [
    'Did it rise suddenly?',
    `aether:lowconfidence_pct:15m{${T}} - (aether:lowconfidence_pct:15m{${T}} offset 1h)`,
    '< 10',
    'fail',
    22.1,
    'it rose within the last hour: roll back what was deployed or indexed in that hour.',
  ],
  [
    'Are there enough answers to judge?',
    `sum(increase(aether_rag_answers_total{${T}}[15m]))`,
    '> 20',
    'pass',
    418,
    'a handful of answers makes any share.',
  ],
  [
    'Does the reranker take part?',
    `aether:rerank_utilization_pct:15m{${T}}`,
    '> 1',
    'unknown',
    null,
    'the reranker is down or switched off: that alone lowers confidence.',
    'Prometheus has no value for it: no such series, or no recent traffic.',
  ],
];
const outline = (
  id: string,
  title: string,
  first: string,
  source: RunbookOutline['source'],
  steps: number,
  problems: string[] = [],
): RunbookOutline => ({ id, title, first, source, steps, problems });

export function runbookList(scene: Scene): RunbookList {
  const own =
    scene === 'empty' || scene === 'calm'
      ? []
      : [
          outline('own/QueueLength', 'QueueLength', 'check the workers before the queue.', 'own', 2, [
            'Step 2 has no `Expect:` line.',
          ]),
          ...(scene === 'hostile'
            ? [outline(`own/${BIDI}`, BIDI.repeat(4), `<img src=x onerror=alert(1)> ${BIDI}`, 'own', 60, [BIDI])]
            : []),
        ];
  const names = [
    'CacheEffectivenessDrop',
    'CacheEffectivenessDropVIP',
    'CostAbove200',
    'HealthBelow40',
    'HealthScoreDegradation',
    'LowConfidenceSpike',
    'LowConfidenceSpikeVIP',
    'MonitoringServiceDown',
    'NoRecentTraffic',
    'RerankUtilizationCritical',
    'RerankUtilizationHigh',
    'An alert without a runbook',
  ];
  return {
    pages: [
      ...own,
      ...names.map((n, i) =>
        outline(
          n,
          n,
          i % 3
            ? 'run `aetherctl status`. It queries each server directly.'
            : 'acknowledge within 5 minutes, then check whether it is one tenant or all (step 2).',
          'bundled',
          4 + (i % 4),
        ),
      ),
      outline('ON_CALL_RUNBOOK', 'On-call runbook', '', 'document', 0),
      outline('SLO_TUNING', 'SLO tuning', '', 'document', 0),
    ],
    refused:
      own.length > 0
        ? [{ file: 'Link.md', reason: 'It is a symbolic link, which is not followed. Copy the file here instead.' }]
        : [],
    folder: own.length > 0 ? '/home/alice/runbooks' : '',
    folderProblem: '',
  };
}

export function runbookView(request: RunbookOpenRequest, rows: AlertRow[], scene: Scene): RunbookView {
  const alert = rows.find((r) => r.fingerprint === request.fingerprint) ?? null;
  const evil = scene === 'hostile';
  const generic = alert !== null && !/LowConfidence|Cache|Health/.test(alert.name);
  const id = request.id ?? (generic ? 'triage' : (alert?.name ?? 'triage'));
  const document = /^[A-Z_]+$/.test(id);
  const nasty = evil
    ? `\n\n<script>document.title='owned'</script><img src="http://127.0.0.1:1/x.png">\n\n![x](http://127.0.0.1:1/y.png) [bad](javascript:alert(1)) [up](../../etc/passwd.md) [data](data:text/html,x)\n\n<a href="http://127.0.0.1:1" onclick="alert(1)">x</a> ${BIDI.repeat(6)}`
    : '';
  const problem = alert === null && !document ? 'The alert has no tenant_id label.' : '';
  return {
    id,
    title: evil ? `${id} ${BIDI.repeat(3)}` : generic ? 'An alert without a runbook' : id,
    source: document ? 'document' : id.startsWith('own/') ? 'own' : 'bundled',
    first: document ? '' : `acknowledge within 5 minutes, then check whether it is one tenant or all (step 2).${nasty}`,
    sections: document
      ? [
          {
            title: 'Triage',
            markdown: `| symptom | respond within | page |\n|---|---|---|\n| CacheEffectivenessDropVIP | 5 min | [open](runbooks/CacheEffectivenessDropVIP.md) |\n| anything else | by severity | [open](runbooks/triage.md) |\n\nSeveral at once: VIP first.${nasty}`,
          },
          { title: 'Common operations', markdown: '```sh\naetherctl status\naetherctl alerts --watch\n```' },
        ]
      : [
          {
            title: 'Meaning',
            markdown: `More than 40 % of the answers for a VIP tenant have been below the confidence threshold for 10 minutes.${nasty}`,
          },
          {
            title: 'Impact',
            markdown:
              'A VIP tenant gets answers in which the service itself has low confidence. You have **5 minutes** before it escalates.',
          },
          { title: 'Diagnosis', markdown: '' },
          {
            title: 'Mitigation',
            markdown: `1. Roll back the last deploy, index run or prompt change of the hour in which it started.\n2. If the reranker is down, restore it before anything else.\n\n\`\`\`sh\naetherctl gauges --tenants\naetherctl maintenance start --for 30m --comment "Known" --matcher 'alertname="LowConfidenceSpikeVIP"'\n\`\`\`${nasty}`,
          },
          {
            title: 'Escalation',
            markdown:
              'Page the on-call engineer within 5 minutes of the alert. Cost above 200 USD: [CostAbove200](CostAbove200.md).',
          },
        ],
    steps: document
      ? []
      : STEPS.map(([title, query, expect, , , ifRed], i) => ({
          number: i + 1,
          title: evil ? title + BIDI : title,
          query,
          expect,
          ifRed: ifRed + nasty,
          problem: i === 1 ? '' : problem,
        })),
    actions: document
      ? []
      : [
          { kind: 'overview', matchers: '' },
          { kind: 'silence', matchers: `alertname="LowConfidenceSpikeVIP" ${T}` },
          { kind: 'checks', matchers: '' },
        ],
    problems: id.startsWith('own/') ? ['Step 2 has no `Expect:` line.'] : [],
    alert,
    labels: alert?.labels ?? request.labels,
    found: request.id !== null ? 'asked' : generic ? 'generic' : 'bundled',
    link: generic ? 'https://wiki.example/disk' : null,
    linkProblem: evil ? `runbook_url is neither an http(s) URL nor a bundled page.` : '',
    template: generic
      ? `# ${alert?.name}\n\n**First:** acknowledge it, and …\n\n## Diagnosis\n\n### 1. Is it still happening?\n`
      : '',
    templatePlace: generic ? '/home/alice/runbooks/DiskFull.md' : '',
  };
}

export function runbookRun(view: RunbookView, id: string, at: number, answered: boolean): RunbookRun {
  const steps = view.steps.map((s, i): RunbookStepResult => ({
    number: s.number,
    title: s.title,
    query: s.query,
    expect: s.expect,
    verdict: answered ? (STEPS[i]?.[3] ?? 'unknown') : 'waiting',
    value: answered ? (STEPS[i]?.[4] ?? null) : null,
    reason: answered ? (STEPS[i]?.[6] ?? '') : '',
    problem: s.problem,
    at: answered ? at : null,
    tookMs: answered ? 12 : null,
    figure: null,
  }));
  return {
    id,
    stack: 'production',
    page: view.id,
    title: view.title,
    alert: view.alert
      ? {
          fingerprint: view.alert.fingerprint,
          name: view.alert.name,
          severity: view.alert.severity,
          since: view.alert.since,
        }
      : null,
    labels: view.labels,
    createdBy: 'alice',
    startedAt: at,
    endedAt: null,
    notes: '',
    steps,
    drill: null,
  };
}

export function runbookAnswer(
  run: RunbookRun,
  number: number,
  style: FigureStyle | null,
  spec: GaugeSpec | undefined,
  scene: Scene,
): RunbookStepResult {
  const known = run.steps.find((s) => s.number === number) as RunbookStepResult;
  const made = STEPS[number - 1];
  if (known.problem) return { ...known, verdict: 'unknown', reason: known.problem, at: Date.now() };
  if (scene === 'never' || scene === 'stale')
    return {
      ...known,
      verdict: 'unknown',
      value: null,
      reason: 'Nothing answers at http://localhost:9090.',
      at: Date.now(),
      tookMs: 4,
    };
  const [, , , verdict = 'unknown', value = null, , reason = ''] = made ?? [];
  const limit = Number(known.expect.replace(/[^\d.]/g, ''));
  return {
    ...known,
    verdict,
    value: value,
    reason: reason,
    at: Date.now(),
    tookMs: 12,
    figure:
      style && spec && value !== null
        ? draw(
            { ...spec, max: Math.max(Number(value), limit) * 1.2, warn: limit, critical: limit },
            Number(value),
            6,
            style,
            scene === 'hostile',
          )
        : null,
  };
}

export function runbookHits(list: RunbookList, text: string): RunbookHits {
  const hits = list.pages
    .filter((p) => `${p.title} ${p.first}`.toLowerCase().includes(text.toLowerCase()))
    .map((p) => ({
      id: p.id,
      title: p.title,
      source: p.source,
      section: p.first ? '' : 'Triage',
      line: p.first || p.title,
    }));
  return { hits, total: hits.length };
}

export const runbookHistory = (rows: AlertRow[], scene: Scene, now: number): RunbookRun[] => {
  if (scene === 'empty' || scene === 'calm' || scene === 'loading') return [];
  const of = (row: AlertRow | undefined, id: string, at: number): RunbookRun =>
    runbookRun(runbookView({ id: null, fingerprint: row?.fingerprint ?? null, labels: {} }, rows, scene), id, at, true);
  return [
    { ...of(rows[1], 'run-1', now - 26 * 60_000), notes: 'Index run of 13:20 taken back.\nWatching.' },
    {
      ...of(rows[2], 'run-2', now - 3 * 86_400_000),
      endedAt: now - 3 * 86_400_000 + 1_400_000,
      drill: 'd-2',
      createdBy: scene === 'hostile' ? BIDI : 'bob',
    },
  ];
};

export const gone = (words: string): PanelError => ({
  code: 'not-found',
  message: words,
  hint: '',
  retryable: false,
  source: 'runbook',
  detail: '',
});

export function sloOf(g: Gauge, i: number, style: FigureStyle | null, scene: Scene): SloStatus {
  const none = scene === 'never' || scene === 'idle';
  const share = [99.97, 97.2, 88.4, 100, 61.3][i % 5] ?? 90;
  const windows = [24, 168, 720].map((hours, n) => {
    const guardedS = hours * 3600 * (n === 2 ? 0.4 : 0.93);
    return {
      hours,
      compliance: none ? null : Math.max(0, share - n * 3.1),
      guardedS: none ? 0 : guardedS,
      withinS: none ? 0 : (guardedS * share) / 100,
      reachesS: none ? 0 : hours * 3600 * (n === 2 ? 0.5 : 1),
      problem:
        scene === 'never'
          ? 'Nothing answers at http://localhost:9090.'
          : none
            ? 'There was no traffic in this time, or it was not recorded.'
            : '',
    };
  });
  return {
    spec: g.spec,
    state: g.state,
    value: g.value,
    level: g.level,
    freshness: g.freshness,
    windows,
    figure: style && !none ? draw(g.spec, g.value ?? g.spec.warn, 720, style, scene === 'hostile') : null,
  };
}

export function clocksOf(rows: AlertRow[], gauges: Gauge[], now: number, scene: Scene): EscalationClock[] {
  const contact = { name: scene === 'hostile' ? BIDI : 'the on-call engineer', mail: 'oncall@example.org', chat: true };
  const alerts = rows
    .filter((r) => r.escalatesAt !== null)
    .map((r): EscalationClock => ({
      id: `${r.vip ? 'vip' : 'general'}/${r.fingerprint}`,
      rule: r.vip ? 'vip' : 'general',
      title: r.name,
      tenant: r.tenant,
      fingerprint: r.fingerprint,
      since: r.since,
      dueAt: r.escalatesAt ?? 0,
      latestAt: (r.escalatesAt ?? 0) + (r.vip ? 0 : 1_800_000),
      contact: r.vip ? contact : { ...contact, name: '#aether-ops in Slack', mail: '' },
      ack: r.ack,
      escalated: null,
    }));
  const low =
    scene === 'loaded' && gauges.some((g) => g.spec.id === 'health-score')
      ? [
          {
            id: 'health/health-score',
            rule: 'health' as const,
            title: 'Health score',
            tenant: null,
            fingerprint: null,
            since: now - 11 * 60_000,
            dueAt: now + 4 * 60_000,
            latestAt: now + 4 * 60_000,
            contact: { ...contact, name: 'the incident commander' },
            ack: null,
            escalated: null,
          },
        ]
      : [];
  return [...alerts, ...low].sort((a, b) => a.dueAt - b.dueAt);
}

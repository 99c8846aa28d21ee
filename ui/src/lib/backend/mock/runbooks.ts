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
  RunbookView,
} from '../../contract';
import { BIDI, type Scene } from './data';
import { draw } from './draw';
import { replay } from './recorded';

export function runbookList(scene: Scene): RunbookList {
  const list = replay('runbook_list');
  if (scene === 'empty' || scene === 'calm')
    return { ...list, pages: list.pages.filter((p) => p.source !== 'own'), refused: [], folder: '' };
  if (scene === 'hostile') {
    const [own, ...pages] = list.pages;
    const page: RunbookOutline = {
      id: `own/${BIDI}`,
      title: BIDI.repeat(4),
      first: `<img src=x onerror=alert(1)> ${BIDI}`,
      source: 'own',
      steps: 60,
      problems: [BIDI],
    };
    return { ...list, pages: own ? [own, page, ...pages] : pages };
  }
  return list;
}

/** Markup that must not reach the page. */
const NASTY = `\n\n<script>document.title='owned'</script><img src="http://127.0.0.1:1/x.png">\n\n![x](http://127.0.0.1:1/y.png) [bad](javascript:alert(1)) [up](../../etc/passwd.md) [data](data:text/html,x)\n\n<a href="http://127.0.0.1:1" onclick="alert(1)">x</a> ${BIDI.repeat(6)}`;

const hostile = (view: RunbookView): RunbookView => ({
  ...view,
  title: `${view.id} ${BIDI.repeat(3)}`,
  first: view.first && view.first + NASTY,
  sections: view.sections.map((s) =>
    ['Triage', 'Meaning', 'Mitigation'].includes(s.title) ? { ...s, markdown: s.markdown + NASTY } : s,
  ),
  steps: view.steps.map((s) => ({ ...s, title: s.title + BIDI, ifRed: s.ifRed + NASTY })),
  linkProblem: 'runbook_url is neither an http(s) URL nor a bundled page.',
});

export function runbookView(request: RunbookOpenRequest, rows: AlertRow[], scene: Scene): RunbookView {
  const alert = rows.find((r) => r.fingerprint === request.fingerprint) ?? null;
  const generic = alert !== null && !/LowConfidence|Cache|Health/.test(alert.name);
  const id = request.id ?? (generic ? 'triage' : (alert?.name ?? 'triage'));
  const recorded = replay('runbook_open', /^[A-Z_]+$/.test(id) ? 'document' : 'page');
  const own = id.startsWith('own/');
  const view: RunbookView = {
    ...recorded,
    id,
    title: generic ? 'An alert without a runbook' : id,
    source: own ? 'own' : recorded.source,
    // The query of the second step has no placeholder.
    steps: recorded.steps.map((s) => ({
      ...s,
      problem: alert === null && s.number !== 2 ? 'The alert has no tenant_id label.' : '',
    })),
    problems: own ? ['Step 2 has no `Expect:` line.'] : [],
    alert,
    labels: alert?.labels ?? request.labels,
    found: request.id !== null ? 'asked' : generic ? 'generic' : 'bundled',
    link: generic ? 'https://wiki.example/disk' : null,
    template: generic
      ? `# ${alert?.name}\n\n**First:** acknowledge it, and …\n\n## Diagnosis\n\n### 1. Is it still happening?\n`
      : '',
    templatePlace: generic ? '/home/alice/runbooks/DiskFull.md' : '',
  };
  return scene === 'hostile' ? hostile(view) : view;
}

/** The answer of Prometheus to a step. */
const answerTo = (number: number): RunbookStepResult => replay('runbook_step', String(number));

export function runbookRun(view: RunbookView, id: string, at: number, answered: boolean): RunbookRun {
  const steps = view.steps.map((s): RunbookStepResult => {
    const asked = { number: s.number, title: s.title, query: s.query, expect: s.expect, problem: s.problem };
    return answered
      ? { ...answerTo(s.number), ...asked, at }
      : { ...asked, verdict: 'waiting', value: null, reason: '', at: null, tookMs: null, figure: null };
  });
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
  const { verdict, value, reason } = answerTo(number);
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

export const notFound = (message: string): PanelError => ({
  code: 'not-found',
  message,
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
      muted: r.state !== 'firing',
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
            muted: false,
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

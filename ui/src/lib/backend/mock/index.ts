// The window on made-up data: `?scene=loaded|calm|empty|stale|never|loading|hostile|idle|huge|first`, `&window=on`, `&drill=on|quiet|none`, `&theme=`.
import type {
  AlertCounts,
  AlertDetail,
  AlertDetailRequest,
  AlertGroup,
  AlertHistoryRequest,
  AlertRow,
  CloseOut,
  CommandName,
  Gauge,
  MaintenanceStatus,
  MaintenanceWindow,
  PanelError,
  PanelEvent,
  ScheduleSaveRequest,
  Settings,
  Snapshot,
  StackDetail,
  Theme,
} from '../../contract';
import type {
  Backup,
  BackupMatches,
  CheckRequest,
  CheckRun,
  FigureStyle,
  PinUpdateChange,
  PinUpdateRequest,
  RuleEdit,
  DeployRun,
  DeployStepKind,
  Job,
  RestoreRequest,
  RestoreRun,
} from '../../contract';
import type {
  EscalationCall,
  EscalationClock,
  EscalationContactRequest,
  EscalationMarkRequest,
  SloRequest,
  RunbookOpenRequest,
  RunbookRun,
  RunbookStepRequest,
} from '../../contract';
import { isMatcher, matcherText, tokenize } from '../../query/filter';
import type { Backend } from '../index';
import { alerts, silences } from './alerts';
import {
  archives,
  backups as madeUp,
  PLACES,
  detail as backupDetail,
  file as backupFile,
  imported,
  list as backupList,
  prunePlan,
} from './backups';
import { BIDI, freshness, gauges, refused, services, tenants, type Scene } from './data';
import { comparison, dataPlan, jsonDiff, plan, run as restoreRun } from './restore';
import { run as deployRun, step as deployStep } from './deploy';
import { draw } from './draw';
import { drillDesk } from './drills';
import { pastAlerts } from './history';
import { pinChanges, pinsReport, pinsSummary, repinApplied, repinPlan } from './pins';
import { checkHistory, checkOutline, checkRun, worst } from './checks';
import { ruleDetail, ruleLinks, rulesApplied, rulesPlan } from './rule-changes';
import { rulesReport } from './rules';
import {
  clocksOf,
  sloOf,
  gone,
  runbookAnswer,
  runbookHistory,
  runbookHits,
  runbookList,
  runbookRun,
  runbookView,
} from './runbooks';
import { closeOut, dates, pastWindows, schedule } from './maintenance';

/** A word that no production bundle may hold. */
export const MARK = 'aether-mock-backend-mark';

const fail = (code: PanelError['code'], message: string, hint = ''): PanelError => ({
  code,
  message,
  hint,
  retryable: false,
  source: 'panel',
  detail: '',
});
const pause = (ms: number): Promise<void> => new Promise((done) => setTimeout(done, ms));

function counts(rows: AlertRow[]): AlertCounts {
  const of = (s: AlertRow['state']): number => rows.filter((r) => r.state === s).length;
  const firing = rows.filter((r) => r.state === 'firing');
  const by = (s: AlertRow['severity']): number => firing.filter((r) => r.severity === s).length;
  return {
    pending: of('pending'),
    firing: firing.length,
    silenced: of('silenced'),
    inhibited: of('inhibited'),
    muted: of('muted'),
    resolved: of('resolved'),
    critical: by('critical'),
    warning: by('warning'),
    other: by('info') + by('other'),
    vip: firing.filter((r) => r.vip).length,
    undelivered: rows.filter((r) => !r.delivered).length,
  };
}

export function mockBackend(): Backend {
  const query = new URLSearchParams(location.search);
  document.documentElement.dataset.mock = MARK;
  const scene = (query.get('scene') ?? 'loaded') as Scene;
  const now = Date.now();
  const rows = alerts(scene, now);
  const desk = drillDesk(scene, query.get('drill') ?? '', now, () => tell({ drill: desk.status() }));
  let quiet = silences(scene, now);
  const hear = new Set<(e: PanelEvent) => void>();
  let settings: Settings = {
    theme: (query.get('theme') ?? 'dark') as Theme,
    prometheusIntervalS: 15,
    alertmanagerIntervalS: 10,
    grafanaIntervalS: 30,
    trendHours: 6,
    maxWindowMinutes: 480,
    historyDays: 90,
    backupEveryH: 24,
    notices: true,
    sound: false,
    quietFrom: 0,
    quietUntil: 0,
    alertColumns: ['severity', 'tenant', 'value', 'since', 'state'],
    maintenancePresets: [
      { name: 'Rolling deploy', minutes: 30, reason: 'Rolling deploy ', matchers: '' },
      { name: 'Database upgrade', minutes: 90, reason: 'Database upgrade', matchers: 'job=~"db.*"' },
    ],
    savedFilters:
      scene === 'hostile'
        ? [{ name: BIDI, filter: BIDI, states: [], severities: [], receivers: [], groupBy: [] }]
        : [
            {
              name: 'Loud and critical',
              filter: '',
              states: ['firing'],
              severities: ['critical'],
              receivers: [],
              groupBy: [],
            },
          ],
  };
  let stacks: Snapshot['stacks'] = {
    active: scene === 'hostile' ? 'hostile' : 'production',
    firstStart: scene === 'first',
    stacks: [
      { name: 'aetherlink', source: { kind: 'built-in' }, error: null },
      {
        name: scene === 'hostile' ? 'hostile' : 'production',
        source: { kind: 'file', path: '/home/alice/.config/aetherlink/stacks/production.toml' },
        error: null,
      },
      {
        name: 'staging',
        source: { kind: 'file', path: '/home/alice/.config/aetherlink/stacks/staging.toml' },
        error: fail('invalid-config', 'staging.toml, line 7: unknown key “promtheus”.', 'Did you mean “prometheus”?'),
      },
    ],
  };
  let schedules = scene === 'loaded' ? [schedule('s-1', '0 2 * * 0', 'Weekly database upgrade', 1800, now)] : [];
  let windows: MaintenanceWindow[] = [];
  const matchers = quiet[1]?.matchers ?? [{ name: 'alertname', value: '.+', isRegex: true, isEqual: true }];
  const members = ['http://am-0:9093', 'http://am-1:9093', 'http://am-2:9093'].map((url) => ({
    url,
    state: 'active' as const,
    error: '',
  }));
  const begin = (reason: string, by: string, durationS: number, at: number): MaintenanceWindow => ({
    id: `w-${windows.length + 1}-${at}`,
    silenceId: `5f0e6d1c-${at}`,
    phase: 'verified',
    reason,
    createdBy: by,
    startsAt: at,
    endsAt: at + durationS * 1000,
    matchers,
    members,
    mutes: 7,
    matchesNothing: false,
    closest: [],
    clockOffsetMs: 40,
  });
  if (query.get('window') === 'on')
    windows = [
      begin(scene === 'hostile' ? (rows[0]?.name.repeat(20) ?? 'x') : 'Deploy v2.3.0', 'alice', 30 * 60, now - 350_000),
    ];

  if (query.get('planned') === 'on')
    windows = [
      ...windows,
      ...[1, 2].map((d) => ({
        ...begin('Weekly database upgrade', 'alice', 1800, now + d * 86_400_000),
        id: `later-${d}`,
        phase: 'scheduled' as const,
        mutes: 0,
        members: members.map((m) => ({ ...m, state: 'pending' as const })),
      })),
    ];
  const maintenance = (): MaintenanceStatus => ({
    freshness: freshness(scene, 'alertmanager', Date.now()),
    windows,
    otherSilences: quiet.filter((s) => s.state === 'active').length,
    revision,
    maxDurationS: settings.maxWindowMinutes * 60,
    heartbeat: 'Watchdog',
    defaultAuthor: 'alice',
    openToPages: scene === 'loaded' ? ['http://am-0:9093'] : [],
    findings:
      scene === 'loaded' || scene === 'hostile'
        ? [
            {
              silenceId: quiet.find((q) => q.state === 'active')?.id ?? '',
              risk: 'broad',
              text: 'It mutes every alert, whatever its name.',
              createdBy: scene === 'hostile' ? BIDI : 'carol',
              endsAt: Date.now() + 7_200_000,
            },
          ]
        : [],
  });
  let revision = 1;
  let saved: Backup[] = madeUp(scene, now);
  let savedRevision = 1;
  let job: Job | null =
    query.get('job') === 'on'
      ? {
          id: 1,
          title: 'Backup',
          stage: 'copying blocks',
          done: 61,
          total: 154,
          bytes: 612_000_000,
          startedAt: now - 9000,
          etaS: 14,
          cancelling: false,
        }
      : null;
  const committed = new Set<string>();
  let runs: RestoreRun[] =
    scene === 'loaded'
      ? [
          restoreRun(
            41,
            {
              id: saved[1]?.id ?? '',
              uids: ['aether-rag-ops', 'tenant-costs'],
              choices: {},
              what: 'dashboards',
              otherwise: null,
              dataSources: {},
              intoFolder: null,
              intoStack: null,
            },
            now - 20 * 60_000,
            'done',
          ),
        ]
      : [];
  let deploys: DeployRun[] =
    query.get('deploy') === 'on'
      ? [
          {
            ...deployRun(scene === 'hostile' ? BIDI.repeat(9) : 'v2.3.0', 'alice', 1800, now - 600_000),
            id: 'd-on',
            steps: deployRun('', '', 0, now).steps.map((s, i) => (i < 4 ? deployStep(s, 'run', '') : s)),
          },
        ]
      : [];
  let checkRuns: CheckRun[] = checkHistory(scene, now);
  let checking: CheckRun | null = null;
  const marked = new Map<string, EscalationCall>();
  const clocks = (): EscalationClock[] =>
    clocksOf(rows, held, now, scene).map((c) => ({ ...c, escalated: marked.get(c.id) ?? null }));
  const escalations = (): Snapshot['escalations'] => {
    const all = clocks();
    return { clocks: all.slice(0, 20), total: all.length };
  };
  let bookRuns: RunbookRun[] = runbookHistory(rows, scene, now);
  const bookRun = (id: string): RunbookRun => {
    const found = bookRuns.find((r) => r.id === id);
    if (!found) throw gone('This stack has no runbook run with this ID.');
    return found;
  };
  let checksCancelled = false;
  let checksRevision = 0;
  const checksNow = (): Snapshot['checks'] => ({
    revision: checksRevision,
    running: checking,
    last: checkRuns[0] ? checkOutline(checkRuns[0]) : null,
  });
  const backupsNow = (): Snapshot['backups'] => ({
    revision: savedRevision,
    count: scene === 'loading' ? null : saved.length,
    newest: saved.find((b) => !b.safety) ?? null,
    error:
      scene === 'never'
        ? {
            code: 'storage',
            message: 'Could not read the folder /home/alice/backups/production.',
            hint: 'Check that this account owns it.',
            retryable: false,
            source: 'backups',
            detail: 'Permission denied (os error 13)',
          }
        : null,
    job,
  });
  const changed = (next: Backup[]): void => {
    saved = next;
    savedRevision += 1;
    tell({ backups: backupsNow() });
  };
  const one = (id: string): Backup => {
    const found = saved.find((b) => b.id === id);
    if (!found) throw fail('not-found', `There is no backup “${id}”.`);
    return found;
  };
  let alertsRevision = 1;
  const snapshot = (): Snapshot => ({
    revision,
    at: Date.now(),
    stacks,
    services: services(scene, Date.now()),
    gauges: held,
    alerts: {
      freshness: freshness(scene, 'alertmanager', Date.now()),
      pendingFreshness: freshness(scene, 'prometheus', Date.now()),
      counts: counts(rows),
      top: rows.filter((r) => r.state !== 'resolved').slice(0, 8),
      revision: alertsRevision,
    },
    maintenance: maintenance(),
    backups: backupsNow(),
    checks: checksNow(),
    drill: desk.status(),
    escalations: escalations(),
    pins: pinsSummary(scene, now),
    settings,
    banners:
      query.get('banner') === 'on'
        ? [
            {
              id: 'keyring-unavailable',
              level: 'warn',
              text: 'No keyring on this computer: credentials are kept in memory and are gone when the panel closes.',
            },
          ]
        : query.get('origin') === 'changed'
          ? [
              {
                id: 'origin-alertmanager',
                level: 'warn',
                text: 'The Alertmanager password of stack "aetherlink" was not sent to http://alertmanager.changed.test:9093: it was entered for https://alertmanager.example.com.',
              },
            ]
          : scene === 'hostile'
            ? [{ id: 'x', level: 'critical', text: `${rows[0]?.name} ${'very '.repeat(400)}` }]
            : [],
  });
  const held = gauges(scene, now);
  const tell = (part: Partial<Extract<PanelEvent, { kind: 'delta' }>['data']>): void => {
    revision += 1;
    for (const f of hear)
      f({ kind: 'delta', data: { revision, base: revision - 1, at: Date.now(), gaugesReplaced: false, ...part } });
  };
  if (scene !== 'stale') {
    // As the panel does after each poll.
    setInterval(
      () =>
        tell({
          services: services(scene, Date.now()),
          gauges: held.map((g) => ({ ...g, freshness: freshness(scene, 'prometheus', Date.now()) })),
          alerts: snapshot().alerts,
          maintenance: maintenance(),
        }),
      5000,
    );
  }
  let rulesAsked = 0;
  const detail = (name: string): StackDetail => ({
    name,
    source: stacks.stacks.find((s) => s.name === name)?.source ?? { kind: 'built-in' },
    tenantLabel: 'tenant_id',
    vipTenants: ['vip-customer-123', 'vip-customer-456', 'partner-abc'],
    heartbeat: 'Watchdog',
    prometheus: {
      urls: ['http://localhost:9090'],
      auth: { kind: 'none' },
      headers: {},
      caFile: null,
      clientCertFile: null,
      clientKeyFile: null,
      allowPlainHttp: false,
    },
    alertmanager: {
      urls: ['http://am-0:9093', 'http://am-1:9093', 'http://am-2:9093'],
      auth: { kind: 'basic', username: 'panel' },
      headers: { 'X-Scope-OrgID': 'team-a' },
      caFile: '/etc/ssl/own-ca.pem',
      clientCertFile: null,
      clientKeyFile: null,
      allowPlainHttp: false,
    },
    grafana: {
      urls: ['http://localhost:3000'],
      auth: { kind: 'bearer' },
      headers: {},
      caFile: null,
      clientCertFile: null,
      clientKeyFile: null,
      allowPlainHttp: false,
    },
    gauges: held.map((g) => g.spec),
    checks: [
      {
        id: 'queue',
        title: 'Queue is short',
        ask: { kind: 'query', query: 'max by ($tenant_label) (aether_queue_length)', expect: '<= 10' },
        suites: ['quick', 'preprod'],
        remedy: 'Add a worker.',
      },
      {
        id: 'health',
        title: 'API answers',
        ask: { kind: 'http', url: 'http://localhost:8000/health', status: 200, contains: '"ok"' },
        suites: ['after-deploy'],
        remedy: '',
      },
    ],
  });
  const secrets = new Map<string, boolean>([
    ['alertmanager/password', true],
    ['grafana/token', false],
  ]);
  const confirmed: string[] = [];
  const elsewhere = 'http://alertmanager.changed.test:9093';
  const secretStatus = () => ({
    store: query.get('banner') === 'on' ? 'memory' : 'keyring',
    storeNote: query.get('banner') === 'on' ? 'No keyring service answers on this computer.' : '',
    entries: [...secrets].map(([id, configured]) => ({
      id,
      title: id === 'grafana/token' ? 'Grafana token' : 'Alertmanager password',
      configured,
      origins: configured ? ['https://alertmanager.example.com', ...confirmed] : [],
      untrusted: configured && query.get('origin') === 'changed' && !confirmed.includes(elsewhere) ? [elsewhere] : [],
      origin: configured ? ('keyring' as const) : null,
      env: `AETHER_${id.replace('/', '_').toUpperCase()}`,
    })),
  });

  const matches = (r: AlertRow, filter: string): boolean => {
    const { tokens, open } = tokenize(filter);
    if (open) throw fail('invalid-request', 'The filter has an unterminated quote.', 'Close it or remove it.');
    return tokens.every((t) => {
      if (!isMatcher(t)) return JSON.stringify(r.labels).toLowerCase().includes(t.toLowerCase());
      const [, name, op, raw] = /^(\w+)(=~|!~|!=|=)(.*)$/s.exec(t) ?? [];
      const value = (raw ?? '').replace(/^"|"$/g, '');
      const has = r.labels[name ?? ''] ?? '';
      const hit = op?.includes('~') ? new RegExp(`^(?:${value})$`).test(has) : has === value;
      return op?.startsWith('!') ? !hit : hit;
    });
  };

  const group = (list: AlertRow[], labels: string[], depth: number, path: string): AlertGroup[] => {
    const [label, ...further] = labels;
    if (label === undefined) return [];
    const by = new Map<string, AlertRow[]>();
    for (const x of list) by.set(x.labels[label] ?? '', [...(by.get(x.labels[label] ?? '') ?? []), x]);
    return [...by]
      .sort((a, b) => b[1].length - a[1].length)
      .flatMap(([value, inside]) => {
        const filter = `${path} ${matcherText(label, value)}`.trim();
        const order = ['critical', 'warning', 'info', 'other'] as const;
        return [
          {
            label,
            value: value.slice(0, 256),
            depth,
            filter,
            total: inside.length,
            counts: counts(inside),
            worst:
              order.find((s) =>
                inside.some((x) => x.severity === s && (x.state === 'firing' || x.state === 'pending')),
              ) ?? 'other',
          },
          ...group(inside, further, depth + 1, filter),
        ];
      });
  };

  const run: Record<CommandName, (request: never) => unknown> = {
    check_run: async ({ suite, effects, createdBy }: CheckRequest) => {
      if (checking)
        throw fail(
          'invalid-request',
          `The ${checking.suite} check is already running.`,
          'Wait until it ends, or cancel it.',
        );
      checksCancelled = false;
      const done = checkRun(suite, effects, createdBy || 'alice', Date.now(), scene);
      const shown: CheckRun = {
        ...done,
        endedAt: null,
        verdict: 'running',
        checks: done.checks.map((c) => ({
          ...c,
          state: 'waiting',
          reason: '',
          evidence: [],
          remedy: '',
          tookMs: null,
        })),
      };
      for (const [i, c] of done.checks.entries()) {
        checking = structuredClone(shown);
        const one = shown.checks[i];
        if (one) {
          one.state = 'running';
          checking = structuredClone(shown);
          tell({ checks: checksNow() });
          await pause(Number(query.get('slow') ?? 60));
          Object.assign(
            one,
            checksCancelled
              ? {
                  ...c,
                  state: 'skipped',
                  reason: 'The run was canceled before this check.',
                  evidence: [],
                  remedy: '',
                }
              : c,
          );
        }
      }
      const ended: CheckRun = {
        ...shown,
        endedAt: Date.now(),
        cancelled: checksCancelled,
        verdict: worst(shown.checks),
      };
      checking = null;
      checkRuns = [ended, ...checkRuns];
      checksRevision += 1;
      tell({ checks: checksNow() });
      return ended;
    },
    check_cancel: () => {
      if (!checking) throw fail('not-found', 'No check is running.');
      checksCancelled = true;
      return {};
    },
    check_runs: () => ({ runs: checkRuns }),
    check_export: ({ id, format }: { id: string; format: string }) => {
      const run = checkRuns.find((r) => r.id === id);
      if (!run) throw fail('not-found', 'This stack has no check run with this ID.');
      return { text: format === 'junit' ? '<testsuites/>' : `# ${run.suite} check\n` };
    },
    pins_show: () => pinsReport(scene, Date.now()),
    pins_history: ({ service }: { service: string | null }) => ({ changes: pinChanges(scene, service, now) }),
    pins_plan: (change: PinUpdateChange) => {
      if (!/:[^/]+$/.test(change.image))
        throw fail('invalid-request', `${change.image} has no tag; expected NAME:TAG.`);
      return repinPlan(change, pinsReport(scene, now));
    },
    pins_apply: ({ change, reason }: PinUpdateRequest) => {
      if (reason === 'fail')
        throw fail(
          'unverified',
          'The files changed after this plan was shown. Nothing was written.',
          'Review the new plan.',
        );
      return repinApplied(repinPlan(change, pinsReport(scene, now)));
    },
    rules_list: () => {
      if (scene === 'never' || (scene === 'stale' && (rulesAsked += 1) > 1)) throw refused('Prometheus', 9090);
      return rulesReport(scene, Date.now());
    },
    ...desk.verbs,
    runbook_list: async () => {
      if (scene === 'loading') await pause(1e8);
      return runbookList(scene);
    },
    runbook_open: (r: RunbookOpenRequest) => {
      if (r.fingerprint !== null && r.id === null && !rows.some((x) => x.fingerprint === r.fingerprint))
        throw gone('This alert is no longer in the list.');
      const view = runbookView(r, rows, scene);
      desk.opened(view.id);
      return view;
    },
    runbook_search: ({ text }: { text: string }) => runbookHits(runbookList(scene), text),
    runbook_start: (r: RunbookOpenRequest) => {
      const made = {
        ...runbookRun(runbookView(r, rows, scene), `run-${bookRuns.length + 1}-new`, Date.now(), false),
        drill: desk.status().running?.id ?? null,
      };
      bookRuns = [made, ...bookRuns];
      return made;
    },
    runbook_step: async ({ run, number, style }: RunbookStepRequest) => {
      await pause(Number(query.get('slow') ?? 40) * number);
      const known = bookRun(run);
      desk.did('step');
      const answer = runbookAnswer(known, number, style, held[0]?.spec, scene);
      bookRuns = bookRuns.map((x) =>
        x.id === run ? { ...x, steps: x.steps.map((s) => (s.number === number ? { ...answer, figure: null } : s)) } : x,
      );
      return answer;
    },
    runbook_cancel: () => ({}),
    runbook_note: ({ run, notes, close }: { run: string; notes: string; close: boolean }) => {
      const known = bookRun(run);
      if (known.endedAt !== null) throw fail('invalid-request', 'This run is closed.');
      const next = { ...known, notes, endedAt: close ? Date.now() : null };
      bookRuns = bookRuns.map((x) => (x.id === run ? next : x));
      return next;
    },
    runbook_runs: () => ({ runs: bookRuns }),
    runbook_export: async ({ run }: { run: string }) => {
      bookRun(run);
      await pause(200);
      if (query.get('disk') === 'full')
        throw fail('storage', 'Could not write to /home/alice/Downloads.', 'Free disk space and try again.');
      return {
        folder: '/home/alice/Downloads/post-mortem_LowConfidenceSpikeVIP_2026-11-28_13-20-00',
        files: ['plots/01.png', 'post-mortem.md', 'series/01.csv'],
        problems: ['Step 5, Does the reranker take part?: Prometheus has no data for that time.'],
      };
    },
    slo_status: ({ style }: SloRequest) => {
      if (scene === 'loading') return pause(1e8);
      return { at: Date.now(), gauges: scene === 'empty' ? [] : held.map((g, i) => sloOf(g, i, style, scene)) };
    },
    escalation_mark: ({ id, note }: EscalationMarkRequest) => {
      const known = clocks().find((c) => c.id === id);
      if (!known) throw gone('This escalation clock has ended.');
      if (note === null) marked.delete(id);
      else marked.set(id, { by: 'alice', note, at: Date.now() });
      tell({ escalations: escalations() });
      return { ...known, escalated: marked.get(id) ?? null };
    },
    escalation_contact: ({ way }: EscalationContactRequest) => {
      if (scene === 'hostile')
        throw fail(
          'not-found',
          `The profile has no such address for ${BIDI}.`,
          'Set it under [escalation.vip] in the stack’s profile.',
        );
      void way;
      return {};
    },
    rule_detail: ({ id, hours, style }: { id: { name: string; group: string }; hours: number; style: FigureStyle }) => {
      const one = rulesReport(scene, Date.now())
        .groups.flatMap((g) => g.rules)
        .find((r) => r.id.name === id.name && r.id.group === id.group);
      const spec = held[0]?.spec;
      if (!one || !spec) throw fail('not-found', `The rule ${id.name} is no longer loaded.`);
      return ruleDetail(one, hours, style, scene, spec);
    },
    rules_plan: ({ edits }: { edits: RuleEdit[] }) => rulesPlan(edits, scene),
    rules_apply: async ({ reason }: { reason: string }) => {
      if (!reason.trim()) throw fail('invalid-request', 'Enter a reason of up to 400 characters.');
      await pause(300);
      return rulesApplied(reason !== 'fail');
    },
    rules_reload: () => rulesApplied(true),
    rules_links: async () => {
      await pause(300);
      return ruleLinks(scene, Date.now());
    },
    backup_list: () => {
      if (scene === 'never')
        throw fail(
          'storage',
          'Could not read the folder /home/alice/backups/production.',
          'Check that this account owns it.',
        );
      return backupList(saved, savedRevision);
    },
    backup_create: async (r: { reason: string; createdBy: string; parts: string[] }) => {
      if (r.reason.trim() === '') throw fail('invalid-request', 'Enter a reason for the backup.');
      for (let done = 0; done < 42; done += 7) {
        job = {
          id: 2,
          title: 'Backup',
          stage: 'dashboards',
          done,
          total: 42,
          bytes: done * 30_000,
          startedAt: Date.now(),
          etaS: null,
          cancelling: false,
        };
        tell({ backups: backupsNow() });
        await pause(Number(query.get('slow') ?? 20));
      }
      job = null;
      if (r.reason === 'fail') {
        tell({ backups: backupsNow() });
        throw fail(
          'storage',
          'Could not write /home/alice/backups/production/.partial-x.',
          'Free disk space and try again.',
        );
      }
      const model = saved.find((b) => b.verdict === 'verified') ?? madeUp('loaded', now)[1];
      if (!model) throw fail('internal', 'There is no made-up backup.');
      const made = {
        ...model,
        id: '2026-11-27_14-05',
        madeAt: Date.now(),
        reason: r.reason,
        createdBy: r.createdBy || 'alice',
        pinned: false,
      };
      changed([made, ...saved]);
      return made;
    },
    backup_show: ({ id }: { id: string }) => ({
      ...backupDetail(one(id), scene, now),
      git:
        scene === 'loaded' ? { root: '/srv/backups', branch: 'main', committed: committed.has(id), problem: '' } : null,
    }),
    backup_file: ({ path }: { path: string }) => backupFile(path),
    backup_verify: async ({ id }: { id: string }) => {
      const b = one(id);
      if (b.verdict === 'foreign')
        throw fail('invalid-request', `${id} was made by another tool and has no hashes to hold it against.`);
      await pause(200);
      if (b.verdict !== 'changed' && b.verdict !== 'incomplete')
        changed(saved.map((x) => (x.id === id ? { ...x, verdict: 'verified', verifiedAt: Date.now() } : x)));
      return {
        id,
        files: b.files,
        bytes: b.bytes,
        whole: true,
        problems: b.problems.filter(() => b.verdict === 'changed'),
      };
    },
    backup_push: async ({ id, place }: { id: string; place: string }) => {
      const b = one(id);
      if (b.verdict === 'changed')
        throw fail(
          'invalid-request',
          'grafana/dashboards/rag-ops.json is no longer as it was made, so the backup was not copied.',
          'Verify the backup to see all that changed.',
        );
      await pause(200);
      if (scene === 'stale') throw fail('timeout', `${place} did not answer within 60 seconds.`);
      changed(saved.map((x) => (x.id === id ? { ...x, elsewhere: [...new Set([...x.elsewhere, place])] } : x)));
      return { place, files: b.files, there: 0, bytes: b.bytes };
    },
    backup_remote: () => ({
      places: PLACES.map((place) => ({
        place,
        backups: saved.filter((b) => b.elsewhere.includes(place)).map((b) => ({ ...b, verdict: 'complete' as const })),
        unfinished: [],
        error: null,
      })),
    }),
    backup_remote_verify: ({ id }: { id: string }) => ({
      id,
      files: one(id).files,
      bytes: one(id).bytes,
      whole: true,
      problems: [],
    }),
    backup_fetch: ({ id }: { id: string }) => {
      throw fail('invalid-request', `This backup is here already: ${id}.`);
    },
    backup_remote_prune_plan: ({ policy }: { policy: { last: number } }) =>
      prunePlan(
        saved.filter((b) => b.elsewhere.length > 0),
        policy.last,
      ),
    backup_remote_delete: ({ place, ids }: { place: string; ids: string[] }) => {
      changed(saved.map((b) => (ids.includes(b.id) ? { ...b, elsewhere: b.elsewhere.filter((p) => p !== place) } : b)));
      return { deleted: ids, kept: [], freedBytes: 0 };
    },
    backup_archives: () => archives(scene, now),
    backup_export: async ({ id, format }: { id: string; format: string }) => {
      if (one(id).verdict === 'changed')
        throw fail(
          'invalid-request',
          'grafana/dashboards/rag-ops.json is no longer as it was made, so the backup was not exported.',
          'Verify the backup to see all that changed.',
        );
      await pause(150);
      return {
        path: `/home/alice/Downloads/production_${id}.tar.${format === 'zstd' ? 'zst' : 'gz'}`,
        bytes: 406_000_000,
        files: one(id).files,
      };
    },
    backup_import: async ({ path }: { path: string }) => {
      await pause(200);
      if (!/\.(tar|tgz|tar\.gz|tar\.zst)$/.test(path))
        throw fail(
          'invalid-request',
          `${path.split('/').at(-1)} can't be used: it is cut short, or no archive (.tar, .tar.gz or .tar.zst).`,
        );
      const taken = imported(path, now);
      if (saved.some((b) => b.id === taken.id))
        throw fail('invalid-request', `This backup is here already: ${taken.id}.`);
      changed([taken, ...saved].sort((a, b) => b.madeAt - a.madeAt));
      return taken;
    },
    backup_pin: ({ id, pinned }: { id: string; pinned: boolean }) => {
      changed(saved.map((b) => (b.id === id ? { ...b, pinned } : b)));
      return backupList(saved, savedRevision);
    },
    backup_find: ({ query: words }: { query: string }): BackupMatches => ({
      found: saved
        .filter((b) => !b.safety)
        .flatMap((b) =>
          backupDetail(b, scene, now)
            .dashboards.filter((d) => d.title.toLowerCase().includes(words.toLowerCase()))
            .map((dashboard) => ({ backup: b.id, madeAt: b.madeAt, dashboard })),
        ),
      more: false,
    }),
    backup_compare: ({ from, to }: { from: string; to: string | null }) => comparison(from, to, scene, now),
    backup_diff: async () => {
      await pause(60);
      return { text: jsonDiff() };
    },
    backup_commit: async ({ id }: { id: string }) => {
      await pause(100);
      committed.add(id);
      return { id, commit: '0436276f00d5c0ffee', message: `backup: ${id}` };
    },
    data_restore_plan: async ({ id }: { id: string }) => {
      await pause(60);
      return dataPlan(id, scene, now);
    },
    data_restore_apply: async ({ id }: { id: string }) => {
      await pause(Number(query.get('slow') ?? 60));
      return {
        id,
        answered: 14,
        expected: 14,
        kept: `/prometheus/.before-${id}`,
        notes: [
          `The data of before is in /prometheus/.before-${id} of the container aether-prom. Delete it once it is not needed any more.`,
        ],
      };
    },
    data_restore_check: ({ id }: { id: string }) => ({
      id,
      answered: 12,
      expected: 14,
      kept: '',
      notes: ['Of the block 01JCQ03ZX4K8F7W2Q9T3M5N6P no sample is answered with.'],
    }),
    backup_prune_plan: ({ last }: { last: number }) => prunePlan(saved, last),
    backup_delete: ({ ids }: { ids: string[] }) => {
      const gone = saved.filter((b) => ids.includes(b.id) && !b.pinned);
      changed(saved.filter((b) => !gone.includes(b)));
      return {
        deleted: gone.map((b) => b.id),
        kept: ids.filter((id) => !gone.some((b) => b.id === id)).map((id) => `${id}: it is pinned. Unpin it first.`),
        freedBytes: gone.reduce((n, b) => n + b.bytes, 0),
      };
    },
    restore_plan: async (r: RestoreRequest) => {
      await pause(60);
      if (scene === 'stale') throw refused('Grafana', 3000);
      return plan(r, scene, now);
    },
    restore_apply: async ({ request }: { request: RestoreRequest }) => {
      await pause(100);
      const made = restoreRun(50 + runs.length, request, Date.now(), 'done');
      runs = [made, ...runs];
      changed([...saved]);
      return made;
    },
    restore_runs: () => ({ runs }),
    restore_undo: ({ id }: { id: number }) => {
      const now = runs.find((r) => r.id === id);
      if (!now) throw fail('not-found', 'There is no such restore.');
      const undone: RestoreRun = {
        ...now,
        state: 'undone',
        canUndo: false,
        items: now.items.map((i) => ({ ...i, undone: true })),
      };
      runs = runs.map((r) => (r.id === id ? undone : r));
      changed([...saved]);
      return undone;
    },
    deploy_runs: () => ({ runs: deploys }),
    deploy_start: ({ reason, createdBy, windowS }: { reason: string; createdBy: string; windowS: number }) => {
      const made: DeployRun = { ...deployRun(reason, createdBy, windowS, Date.now()), id: `d-${deploys.length}` };
      deploys = [made, ...deploys];
      return made;
    },
    deploy_step: async ({
      id,
      kind,
      act,
      reason,
    }: {
      id: string;
      kind: DeployStepKind;
      act: string;
      reason: string;
    }) => {
      await pause(Number(query.get('slow') ?? 60));
      const found = deploys.find((d) => d.id === id);
      if (!found) throw fail('not-found', 'This stack has no deploy with this id.');
      const steps = found.steps.map((s) => (s.kind === kind ? deployStep(s, act, reason) : s));
      const over = steps.every((s) => s.state !== 'waiting' && s.state !== 'failed');
      const next: DeployRun = { ...found, steps, state: over ? 'done' : 'open', endedAt: over ? Date.now() : null };
      deploys = deploys.map((d) => (d.id === id ? next : d));
      return next;
    },
    deploy_abandon: ({ id, reason }: { id: string; reason: string }) => {
      deploys = deploys.map((d) =>
        d.id === id
          ? {
              ...d,
              state: 'given-up' as const,
              endedAt: Date.now(),
              steps: d.steps.map((s) =>
                s.state === 'waiting' ? { ...s, state: 'skipped' as const, note: `Abandoned: ${reason}` } : s,
              ),
            }
          : d,
      );
      return deploys.find((d) => d.id === id);
    },
    job_cancel: () => {
      job = job && { ...job, cancelling: true };
      tell({ backups: backupsNow() });
      return {};
    },
    snapshot,
    refresh: () => {
      desk.did('ask');
      return {};
    },
    about: () => ({
      version: '0.1.0',
      configDir: '/home/alice/.config/aetherlink',
      dataDir: '/home/alice/.local/share/aetherlink',
      logDir: '/home/alice/.local/state/aetherlink',
      keeper: scene === 'stale' ? 'aetherctl daemon (process 4211)' : scene === 'hostile' ? BIDI.repeat(4) : '',
    }),
    open_link: () => ({}),
    stack_list: () => stacks,
    stack_select: ({ name }: { name: string }) => {
      stacks = { ...stacks, active: name, firstStart: false };
      tell({ stacks });
      return stacks;
    },
    stack_detail: ({ name }: { name: string }) => detail(name),
    stack_save: (r: StackDetail & { select: boolean }) => {
      stacks = {
        active: r.select ? r.name : stacks.active,
        firstStart: false,
        stacks: [
          ...stacks.stacks.filter((s) => s.name !== r.name),
          {
            name: r.name,
            source: { kind: 'file', path: `/home/alice/.config/aetherlink/stacks/${r.name}.toml` },
            error: null,
          },
        ],
      };
      tell({ stacks });
      return { ...detail(r.name), ...r };
    },
    settings_get: () => settings,
    settings_set: (s: Settings) => {
      settings = s;
      tell({ settings });
      return s;
    },
    secret_status: secretStatus,
    secret_trust: ({ origin }: { origin: string }) => {
      confirmed.push(origin);
      return secretStatus();
    },
    secret_set: ({ id }: { id: string }) => {
      secrets.set(id, true);
      return secretStatus();
    },
    secret_delete: ({ id }: { id: string }) => {
      secrets.set(id, false);
      return secretStatus();
    },
    discover: () => ({
      found: [
        { service: 'prometheus', url: 'http://localhost:9090', version: '2.54.1' },
        { service: 'alertmanager', url: 'http://localhost:9093', version: '0.27.0' },
      ],
      tried: ['http://localhost:9090', 'http://localhost:9093', 'http://localhost:3000'],
    }),
    endpoint_test: ({ service, endpoint }: { service: string; endpoint: { urls: string[] } }) => ({
      results: endpoint.urls.map((url, i) =>
        service === 'grafana'
          ? {
              url,
              ok: false,
              version: null,
              flavour: null,
              latencyMs: null,
              clockOffsetMs: null,
              error: refused('Grafana', 3000),
              notes: [],
            }
          : {
              url,
              ok: true,
              version: service === 'alertmanager' ? '0.27.0' : '2.54.1',
              flavour: null,
              latencyMs: 3 + i,
              clockOffsetMs: 10,
              error: null,
              notes: [],
            },
      ),
    }),
    gauge_figure: ({ id, hours, style }: { id: string; hours: number; style: never }) => {
      const g = held.find((x) => x.spec.id === id);
      if (!g) throw fail('not-found', 'No gauge has this ID.');
      if (scene === 'stale' || scene === 'never') throw refused('Prometheus', 9090);
      return draw(g.spec, g.value ?? 40, hours, style, scene === 'hostile');
    },
    gauge_tenants: ({ id, search, offset, limit }: { id: string; search: string; offset: number; limit: number }) => {
      const g = held.find((x) => x.spec.id === id);
      if (!g) throw fail('not-found', 'No gauge has this ID.');
      const all =
        g.tenants.length === 0 ? [] : tenants(scene, g.spec, g.value ?? 0).filter((t) => t.tenant.includes(search));
      return { rows: all.slice(offset, offset + limit), total: all.length };
    },
    alerts_page: (r: {
      filter: string;
      states: string[];
      severities: string[];
      receivers: string[];
      groupBy: string[];
      facets: string[];
      labelNames: boolean;
      sort: string;
      descending: boolean;
      offset: number;
      limit: number;
    }) => {
      const base = rows.filter(
        (x) =>
          matches(x, r.filter) &&
          (r.severities.length === 0 || r.severities.includes(x.severity)) &&
          (r.receivers.length === 0 || x.receivers.some((n) => r.receivers.includes(n))),
      );
      const list = base.filter((x) => (r.states.length === 0 ? x.state !== 'resolved' : r.states.includes(x.state)));
      if (r.sort === 'name') list.sort((a, b) => a.name.localeCompare(b.name));
      if (r.sort === 'since') list.sort((a, b) => a.since - b.since);
      if (r.descending) list.reverse();
      const groups = group(list, r.groupBy, 0, '');
      const tally = (names: string[]) =>
        [...names.reduce((m, n) => m.set(n, (m.get(n) ?? 0) + 1), new Map<string, number>())]
          .map(([name, count]) => ({ name, count }))
          .sort((a, b) => b.count - a.count);
      const facets = r.facets.map((label) => {
        const values = tally(list.flatMap((x) => (label === '@receiver' ? x.receivers : (x.labels[label] ?? []))));
        return { label, values: values.slice(0, 50), distinct: values.length };
      });
      return {
        rows: list.slice(r.offset, r.offset + r.limit),
        total: list.length,
        counts: counts(base),
        groups: groups.slice(0, 1000),
        groupsTotal: groups.length,
        facets,
        labelNames: r.labelNames ? tally(list.flatMap((x) => Object.keys(x.labels))) : [],
        freshness: freshness(scene, 'alertmanager', Date.now()),
        pendingFreshness: freshness(scene, 'prometheus', Date.now()),
      };
    },
    alert_detail: ({ fingerprint, hours, style }: AlertDetailRequest): AlertDetail => {
      const row = rows.find((x) => x.fingerprint === fingerprint);
      if (!row) throw fail('not-found', 'This alert is no longer in the list.');
      const g = held[0];
      const silencedBefore = quiet.filter((s) => s.state === 'expired').slice(0, 3);
      if (!g || scene === 'stale' || scene === 'never')
        return {
          rule: null,
          figure: null,
          figureNote: 'Prometheus at http://localhost:9090 is unreachable.',
          silencedBefore,
          tenant: null,
          links: [],
        };
      return {
        rule: {
          group: 'aether-alerts',
          file: '/etc/aether/prometheus-alerts.yml',
          expression:
            'aether:cache_hit_ratio:5m < 30\nand on (tenant_id)\n(sum by (tenant_id) (rate(aether_cache_requests_total[5m])) > 0)',
          forS: 900,
          intervalS: 15,
          health: 'ok',
          lastError: '',
          valueExpression: 'aether:cache_hit_ratio:5m',
          comparison: '<',
          threshold: 30,
        },
        figure: draw(
          { ...g.spec, warn: 30, critical: 30 },
          Math.min(row.value ?? 20, 1e6),
          hours,
          style,
          scene === 'hostile',
        ),
        figureNote: '',
        silencedBefore,
        tenant:
          row.tenant === null
            ? null
            : {
                label: 'tenant_id',
                tenant: row.tenant,
                vip: row.vip,
                alerts: counts(rows.filter((x) => x.tenant === row.tenant)),
                gauges: held
                  .filter((x) => x.tenants[0] !== undefined)
                  .map((x) => ({
                    spec: x.spec,
                    value: { ...(x.tenants[0] as Gauge['tenants'][number]), tenant: row.tenant ?? '', vip: row.vip },
                  })),
              },
        links: [
          { kind: 'prometheus', url: 'http://localhost:9090/graph?g0.expr=x' },
          { kind: 'grafana', url: 'http://localhost:3000/d/aether-rag-ops' },
        ],
      };
    },
    alerts_export: ({ list, format }: { list: { filter: string }; format: string }) => {
      if (query.get('disk') === 'full')
        throw fail('storage', 'Could not write to /home/alice/Downloads.', 'Free disk space and try again.');
      return {
        path: `/home/alice/Downloads/alerts_2026-11-24_10-00-00.${format}`,
        rows: rows.filter((x) => x.state !== 'resolved' && matches(x, list.filter)).length,
      };
    },
    alert_acknowledge: ({ fingerprint, note }: { fingerprint: string; note: string | null }) => {
      const row = rows.find((x) => x.fingerprint === fingerprint);
      if (!row) throw fail('not-found', 'This alert is no longer in the list.');
      if (note !== null) desk.did('ack');
      row.ack = note === null ? null : { by: 'alice', note, at: Date.now() };
      alertsRevision += 1;
      tell({ alerts: snapshot().alerts });
      return row;
    },
    alert_history: (r: AlertHistoryRequest) => pastAlerts(scene, rows, r, Date.now(), matches),
    maintenance_preview: ({ durationS }: { durationS: number }) => ({
      mutes: rows.filter((x) => x.state === 'firing').length,
      mutesCritical: counts(rows).critical,
      names: [
        { name: 'CacheEffectivenessDrop', count: 3 },
        { name: 'LowConfidenceSpike', count: 2 },
      ],
      audible: ['Watchdog'],
      already: quiet.filter((s) => s.state === 'active'),
      couldFire: [
        { name: 'CacheEffectivenessDrop', severity: 'warning', pending: 0, fired: 9, perhaps: false },
        { name: 'HealthScoreDegradation', severity: 'warning', pending: 1, fired: 2, perhaps: false },
        { name: 'CostAnomaly', severity: 'warning', pending: 0, fired: 0, perhaps: false },
      ],
      matchers,
      matchesNothing: false,
      closest: [],
      warnings: durationS > 7200 ? ['Longer than two hours: whoever started it may be off shift when it ends.'] : [],
      endsAt: Date.now() + durationS * 1000,
    }),
    maintenance_start: async ({
      reason,
      createdBy,
      durationS,
    }: {
      reason: string;
      createdBy: string;
      durationS: number;
    }) => {
      const w = begin(reason, createdBy || 'alice', durationS, Date.now());
      for (const phase of ['asked', 'accepted'] as const) {
        windows = [{ ...w, phase, silenceId: phase === 'asked' ? '' : w.silenceId, members: [] }];
        tell({ maintenance: maintenance() });
        await pause(Number(query.get('slow') ?? 250));
      }
      if (reason === 'fail') {
        windows = [];
        tell({ maintenance: maintenance() });
        throw fail(
          'unverified',
          'Alertmanager accepted the silence, but two of three members do not have it.',
          'Check the members; the silence may still be replicated.',
        );
      }
      windows = [w];
      quiet = [
        {
          id: w.silenceId,
          matchers,
          state: 'active',
          startsAt: w.startsAt,
          endsAt: w.endsAt,
          updatedAt: w.startsAt,
          createdBy: w.createdBy,
          comment: reason,
          window: w.id,
          mutes: 7,
          members: 3,
          membersOf: 3,
        },
        ...quiet,
      ];
      tell({ maintenance: maintenance() });
      return w;
    },
    maintenance_extend: ({ id, addS }: { id: string; addS: number }) => {
      windows = windows.map((w) => (w.id === id ? { ...w, endsAt: w.endsAt + addS * 1000 } : w));
      tell({ maintenance: maintenance() });
      return windows[0];
    },
    maintenance_end: async ({ id }: { id: string }) => {
      await pause(200);
      desk.did('end');
      const w = windows.find((x) => x.id === id);
      windows = windows.filter((x) => x.id !== id);
      quiet = quiet.map((s) =>
        s.id === id || s.id === w?.silenceId ? { ...s, state: 'expired', endsAt: Date.now() } : s,
      );
      tell({ maintenance: maintenance() });
      return {
        silence: quiet[0],
        stillSilencing: quiet.filter((s) => s.state === 'active'),
        members: members.map((m) => ({ ...m, state: 'expired' })),
      };
    },
    maintenance_repair: ({ id }: { id: string }) => {
      windows = windows.map((w) => (w.id === id ? { ...w, phase: 'verified', members } : w));
      tell({ maintenance: maintenance() });
      return windows.find((w) => w.id === id);
    },
    maintenance_closeout: ({ id }: { id: string }): CloseOut =>
      closeOut(
        id,
        windows.find((w) => w.id === id),
        quiet,
        Date.now(),
        scene === 'hostile' ? BIDI.repeat(30) : '',
      ),
    maintenance_history: ({ search, offset, limit }: { search: string; offset: number; limit: number }) => {
      const all =
        scene === 'empty'
          ? []
          : pastWindows(Date.now(), scene === 'hostile' ? BIDI : '').filter((w) =>
              w.reason.toLowerCase().includes(search.toLowerCase()),
            );
      return { rows: all.slice(offset, offset + limit), total: all.length };
    },
    maintenance_export: ({ format }: { format: string }) => ({
      path: `/home/alice/Downloads/maintenance_2026-11-24_10-00-00.${format}`,
      rows: 23,
    }),
    schedule_list: () => ({ schedules }),
    schedule_preview: ({ cron, timeZone }: { cron: string; timeZone: string }) => {
      if (cron.trim().split(/\s+/).length !== 5)
        throw fail(
          'invalid-request',
          'Invalid cron expression.',
          'Use five fields: minute, hour, day of month, month, day of week.',
        );
      return { description: 'At 02:00 on Sunday', timeZone, ...dates(Date.now()) };
    },
    schedule_save: (r: ScheduleSaveRequest) => {
      schedules = [
        ...schedules.filter((s) => s.id !== r.id),
        schedule(r.id ?? `s-new-${schedules.length}`, r.cron, r.reason, r.durationS, Date.now()),
      ];
      return { schedules };
    },
    schedule_delete: ({ id }: { id: string }) => {
      schedules = schedules.filter((s) => s.id !== id);
      return { schedules };
    },
    silences_page: ({
      states,
      search,
      offset,
      limit,
    }: {
      states: string[];
      search: string;
      offset: number;
      limit: number;
    }) => {
      const all = quiet.filter(
        (s) =>
          (states.length === 0 || states.includes(s.state)) &&
          `${s.id} ${s.comment} ${s.createdBy}`.toLowerCase().includes(search.toLowerCase()),
      );
      return {
        rows: all.slice(offset, offset + limit),
        total: all.length,
        freshness: freshness(scene, 'alertmanager', Date.now()),
      };
    },
  };
  return {
    async call(name, request) {
      await pause(30);
      return structuredClone((await run[name](request as never)) as never);
    },
    subscribe(onEvent, onConnection) {
      hear.add(onEvent);
      queueMicrotask(() => onConnection?.('open'));
      return () => hear.delete(onEvent);
    },
  };
}

import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import type { CommandName, Commands, FigureStyle, RestoreRequest } from '../../contract';
import { compileErrors } from './contract-check';
import { mockBackend } from './index';

type Requests = { [C in CommandName]: Commands[C]['request'] };

const style: FigureStyle = {
  width: 300,
  height: 120,
  line: '',
  grid: '',
  text: '',
  warn: '',
  critical: '',
  ok: '',
  utcOffsetMinutes: 0,
};
const list: Requests['alerts_page'] = {
  filter: 'severity=critical',
  states: [],
  severities: [],
  receivers: [],
  groupBy: ['alertname'],
  facets: ['tenant_id'],
  labelNames: true,
  sort: 'severity',
  descending: false,
  offset: 0,
  limit: 10,
};
const maintenance: Requests['maintenance_start'] = {
  durationS: 1800,
  reason: 'Deploy v2.4.0',
  createdBy: 'alice',
  matchers: [],
  startsAt: null,
};
const prune: Requests['backup_prune_plan'] = { last: 2, daily: 0, weekly: 0, monthly: 0 };
const pin: Requests['pins_plan'] = { service: 'grafana', image: 'grafana/grafana:11.3.0', lock: true };
const rules: Requests['rules_plan'] = { edits: [], vipTenants: null, related: [] };

beforeEach(() => {
  vi.useFakeTimers();
  window.history.replaceState(null, '', '?scene=loaded&window=on&job=on&deploy=on');
});
afterEach(() => vi.useRealTimers());

it('answers every command with a reply of the contract', { timeout: 60_000 }, async () => {
  const backend = mockBackend();
  const call = async <C extends CommandName>(name: C, request: Commands[C]['request']) => {
    const reply = backend.call(name, request);
    reply.catch(() => {});
    await vi.advanceTimersByTimeAsync(2000);
    return reply;
  };
  const snapshot = await call('snapshot', {});
  const fingerprint = snapshot.alerts.top[0]?.fingerprint ?? '';
  const backup = (await call('backup_list', {})).backups[1]?.id ?? '';
  const deploy = (await call('deploy_runs', {})).runs[0]?.id ?? '';
  const rule = (await call('rules_list', {})).groups[0]?.rules[0];
  const [checkRun] = (await call('check_runs', {})).runs;
  const [runbookRun] = (await call('runbook_runs', {})).runs;
  const window = snapshot.maintenance.windows[0]?.id ?? '';
  const clock = snapshot.escalations.clocks[0]?.id ?? '';
  const stack = await call('stack_detail', { name: 'production' });
  if (!rule || !checkRun || !runbookRun) throw new Error('The loaded scene has rules, check runs and runbook runs.');
  const restore: RestoreRequest = {
    id: backup,
    what: 'dashboards',
    uids: [],
    choices: {},
    otherwise: null,
    dataSources: {},
    intoFolder: null,
    intoStack: null,
  };
  const page = { search: '', offset: 0, limit: 5 };
  // In this order: an end or a deletion comes after what it would take away.
  const requests: Requests = {
    snapshot: {},
    refresh: {},
    gauge_figure: { id: 'health-score', tenant: null, hours: 6, details: true, style },
    gauge_tenants: { id: 'cache-hit-ratio', ...page },
    alerts_page: list,
    alert_detail: { fingerprint, hours: 6, style, refresh: false },
    alerts_export: { list, format: 'csv' },
    alert_acknowledge: { fingerprint, note: 'Rolling back', by: 'alice' },
    alert_history: { hours: 24, filter: '', fingerprint: '', offset: 0, limit: 5 },
    maintenance_preview: maintenance,
    maintenance_extend: { id: window, addS: 600 },
    maintenance_repair: { id: window },
    maintenance_closeout: { id: window },
    maintenance_end_preview: { ids: [window] },
    maintenance_end: { id: window },
    maintenance_start: maintenance,
    maintenance_history: page,
    maintenance_export: { format: 'csv' },
    schedule_list: {},
    schedule_save: { ...maintenance, id: null, cron: '0 2 * * 0', timeZone: 'UTC', ahead: 3, enabled: true },
    schedule_delete: { id: 's-1' },
    schedule_preview: { cron: '0 2 * * 0', timeZone: 'UTC' },
    silences_page: { states: [], ...page },
    backup_list: {},
    backup_create: { reason: 'Before deploy', createdBy: 'alice', parts: [] },
    backup_show: { id: backup },
    backup_file: { id: backup, path: 'grafana/dashboards/rag.json' },
    backup_verify: { id: backup, sample: 0 },
    backup_export: { id: backup, format: 'zstd', folder: '' },
    backup_import: { path: '/home/alice/Downloads/202403051020.tar.gz', createdBy: 'alice' },
    backup_push: { id: backup, place: 's3://ops-backups/production' },
    backup_remote: {},
    backup_remote_verify: { id: backup, place: 's3://ops-backups/production', sample: 0 },
    backup_fetch: { id: backup, place: 's3://ops-backups/production', createdBy: 'alice' },
    backup_remote_prune_plan: { place: 's3://ops-backups/production', policy: prune },
    backup_remote_delete: { place: 's3://ops-backups/production', ids: [] },
    backup_archives: {},
    backup_pin: { id: backup, pinned: true },
    backup_find: { query: 'rag' },
    backup_compare: { from: backup, to: null },
    backup_diff: { from: backup, to: null, uid: 'aether-rag-ops' },
    backup_commit: { id: backup },
    restore_plan: restore,
    restore_apply: { request: restore, digest: '', createdBy: 'alice' },
    restore_runs: {},
    restore_undo: { id: 41 },
    data_restore_plan: { id: backup },
    data_restore_apply: { id: backup, digest: '', createdBy: 'alice' },
    data_restore_check: { id: backup },
    backup_prune_plan: prune,
    backup_delete: { ids: [backup] },
    deploy_step: { id: deploy, kind: 'quick', act: 'run', reason: '' },
    deploy_abandon: { id: deploy, reason: 'Postponed' },
    deploy_start: { reason: 'v2.4.0', createdBy: 'alice', windowS: 1800 },
    deploy_runs: {},
    rules_list: {},
    rule_detail: { id: rule.id, hours: 6, style },
    rules_plan: rules,
    rules_apply: { change: rules, digest: '', reason: 'Fewer pages', createdBy: 'alice' },
    rules_reload: {},
    rules_links: { again: false },
    pins_show: {},
    pins_history: { service: null, limit: 10 },
    pins_plan: pin,
    pins_apply: { change: pin, digest: '', reason: 'Fix', createdBy: 'alice' },
    check_run: { suite: 'quick', effects: false, createdBy: 'alice' },
    check_cancel: {},
    check_runs: {},
    check_export: { id: checkRun.id, format: 'markdown' },
    runbook_list: {},
    runbook_open: { id: null, fingerprint, labels: {} },
    runbook_search: { text: 'drop' },
    runbook_start: { id: null, fingerprint, labels: {}, createdBy: 'alice' },
    runbook_step: { run: runbookRun.id, number: 1, hours: 6, style },
    runbook_cancel: { run: runbookRun.id },
    runbook_note: { run: runbookRun.id, notes: 'Watching', close: false },
    runbook_runs: {},
    runbook_export: { run: runbookRun.id },
    drill_list: {},
    drill_start: { scenario: 'cache-loss', pace: 'short', person: 'alice' },
    drill_notice: {},
    drill_operate: { operation: 'restart-api' },
    drill_end: {},
    drill_report: { id: 'd-1' },
    training_board: {},
    training_mark: { person: 'alice', task: 'read-runbook', done: true, by: 'bob' },
    training_person: { name: 'dave', remove: false },
    slo_status: { style },
    escalation_mark: { id: clock, note: 'Called', by: 'alice' },
    escalation_contact: { id: clock, way: 'mail' },
    job_cancel: { id: 1 },
    stack_list: {},
    stack_select: { name: 'production' },
    stack_detail: { name: 'production' },
    stack_save: { ...stack, select: true },
    endpoint_test: { service: 'grafana', endpoint: stack.grafana },
    discover: {},
    secret_status: {},
    secret_set: { id: 'grafana/token', secret: 'x' },
    secret_delete: { id: 'grafana/token' },
    secret_trust: { id: 'alertmanager/password', origin: 'http://am-0:9093' },
    settings_get: {},
    settings_set: snapshot.settings,
    about: {},
    open_link: { url: 'https://runbooks.example/alerts' },
  };
  const replies: Record<string, unknown> = {};
  const errors: string[] = [];
  for (const [name, request] of Object.entries(requests))
    try {
      replies[name] = await call(name as CommandName, request);
    } catch (error) {
      errors.push(`${name}: ${(error as { message: string }).message}`);
    }
  // The made-up backups are all on this machine, and a check ends before it can be canceled.
  expect(errors).toEqual([
    `backup_fetch: This backup is here already: ${backup}.`,
    'check_cancel: No check is running.',
  ]);
  const source = `import type { CommandName, Commands } from './src/lib/contract';
export const replies: { [C in Exclude<CommandName, 'backup_fetch' | 'check_cancel'>]: Commands[C]['reply'] } = ${JSON.stringify(replies)};`;
  expect(compileErrors(new Map([[`${process.cwd()}/replies.ts`, source]]))).toEqual([]);
});

// Objects that the palette finds by name: alerts, tenants, backups, dashboards, rules, runbooks and windows. The panel is
// asked while something is typed only; a source that fails hides none of the others, and nothing acts without its dialog.
import type { AlertRow, BackupList, MaintenanceWindow, RulesReport, RunbookList } from '../lib/contract';
import { asPanelError } from '../lib/backend';
import { alertTitle } from '../lib/format/alert';
import { safe } from '../lib/format/untrusted';
import { matcherText } from '../lib/query/filter';
import { canAcknowledge, openRunbook, silenceAlert } from '../lib/state/alert-actions';
import { anyAlert } from '../lib/state/alert-lookup';
import { panel } from '../lib/state/panel.svelte';
import { ui } from '../lib/state/ui.svelte';
import { text } from '../lib/text/palette';
import { rank, type Command } from './search';

/** Pause in typing after which the panel is asked, in milliseconds. */
const PAUSE_MS = 150;
/** Objects of one kind that are shown. */
const MOST = 6;

export const SOURCES = ['alerts', 'tenants', 'windows', 'rules', 'runbooks', 'backups', 'dashboards'] as const;
export type Source = (typeof SOURCES)[number];

/** What a query asks for: the words, and what is to be done with what they find. */
export interface ObjectQuery {
  words: string;
  action: 'acknowledge' | 'silence' | 'runbook' | null;
}

const VERBS = ['acknowledge', 'silence', 'runbook'] as const;

/** Reads a verb at the start of a query, complete or abbreviated, as in `ack low confidence`. */
export function readQuery(query: string): ObjectQuery {
  const words = query.trim().split(/\s+/);
  const first = (words[0] ?? '').toLowerCase();
  // `run` starts other commands too.
  const verb = VERBS.find((one) => first.length >= (one === 'runbook' ? 4 : 3) && one.startsWith(first));
  if (!verb) return { words: words.join(' '), action: null };
  const rest = words.slice(/^(of|for)$/i.test(words[1] ?? '') ? 2 : 1);
  return { words: rest.join(' '), action: verb };
}

type Found = Record<Source, Command[]>;
const nothing = (): Found => ({
  alerts: [],
  tenants: [],
  windows: [],
  rules: [],
  runbooks: [],
  backups: [],
  dashboards: [],
});

export class ObjectSearch {
  found = $state.raw<Found>(nothing());
  /** Sources that could not be asked, with the reason. */
  failed = $state.raw<{ source: Source; message: string }[]>([]);
  busy = $state(false);
  #latest = 0;
  /** What is to be done with what was found. */
  #action: ObjectQuery['action'] = null;
  #timer: ReturnType<typeof setTimeout> | undefined;
  /** Lists that are asked for once while the palette is open. */
  #lists = new Map<string, Promise<unknown>>();

  type(query: string): void {
    clearTimeout(this.#timer);
    const request = ++this.#latest;
    const { words, action } = readQuery(query);
    if (words === '' && action === null) {
      [this.found, this.failed, this.busy] = [nothing(), [], false];
      return;
    }
    // What was found before is offered only as far as it fits what is typed now: Enter must not run anything else.
    this.found = action === this.#action ? narrowed(this.found, words === '' ? query.trim() : words) : nothing();
    this.#action = action;
    this.busy = true;
    this.#timer = setTimeout(() => void this.#ask({ words, action }, query.trim(), request), PAUSE_MS);
  }

  stop(): void {
    clearTimeout(this.#timer);
    this.#latest += 1;
  }

  async #ask(query: ObjectQuery, typed: string, request: number): Promise<void> {
    // Behind a verb only alerts are meant; the verb alone may be a name too.
    const words = query.words === '' ? typed : query.words;
    const sources: [Source, () => Promise<Command[]>][] = [['alerts', () => alerts(query)]];
    if (query.action === null || query.words === '')
      sources.push(
        ['tenants', () => tenants(words)],
        ['windows', () => windows(words)],
        ['rules', async () => rules(await this.#once('rules', () => panel.call('rules_list', {})))],
        ['runbooks', async () => runbooks(await this.#once('books', () => panel.call('runbook_list', {})))],
        ['backups', async () => backups(await this.#once('backups', () => panel.call('backup_list', {})))],
        ['dashboards', () => dashboards(words)],
      );
    const fresh: Found = nothing();
    const failed: { source: Source; message: string }[] = [];
    await Promise.all(
      sources.map(async ([source, search]) => {
        try {
          fresh[source] = best(await search(), source === 'alerts' ? query.words : words);
        } catch (thrown) {
          const error = asPanelError(thrown);
          // What is typed may be half a matcher.
          if (error.code !== 'invalid-request') failed.push({ source, message: error.message });
        }
        // What is there is shown; what is slow follows.
        if (request === this.#latest) [this.found, this.failed] = [{ ...fresh }, [...failed]];
      }),
    );
    if (request === this.#latest) this.busy = false;
  }

  #once<T>(name: string, load: () => Promise<T>): Promise<T> {
    const asked = this.#lists.get(name) as Promise<T> | undefined;
    if (asked) return asked;
    const reply = load();
    this.#lists.set(name, reply);
    // A failure is asked again with the next query.
    reply.catch(() => this.#lists.delete(name));
    return reply;
  }
}

const narrowed = (found: Found, words: string): Found =>
  Object.fromEntries(SOURCES.map((source) => [source, best(found[source], words)])) as Found;

/** The best of what has every word, the order of equals as it was. */
function best(list: Command[], words: string): Command[] {
  const terms = words.toLowerCase().split(' ').filter(Boolean);
  const fits = (c: Command): boolean =>
    terms.every((term) => `${c.title} ${c.keywords ?? ''}`.toLowerCase().includes(term));
  return list
    .filter(fits)
    .map((command) => ({ command, rank: rank(command, terms) }))
    .sort((a, b) => a.rank - b.rank)
    .map(({ command }) => command)
    .slice(0, MOST);
}

async function alerts({ words, action }: ObjectQuery): Promise<Command[]> {
  const page = await panel.call(
    'alerts_page',
    anyAlert({
      filter: words,
      states: action === 'acknowledge' ? ['firing', 'silenced', 'inhibited', 'muted'] : [],
      limit: 12,
    }),
  );
  return page.rows.flatMap((row, i) => {
    const all = actionsOf(row);
    // The first alert comes with all that can be done with it.
    return action === null ? (i === 0 ? all : all.slice(0, 1)) : all.filter((c) => c.id.startsWith(action));
  });
}

function actionsOf(row: AlertRow): Command[] {
  const name = safe(alertTitle(row), 60);
  const tenant = row.tenant === null ? '' : safe(row.tenant, 40);
  // Words that are in a label only were found by the panel.
  const keywords = [...Object.values(row.labels), ...Object.values(row.annotations)].join(' ');
  const common = { group: text.groups.alerts, keywords };
  return [
    {
      ...common,
      id: `alert-${row.fingerprint}`,
      title: text.alert(name, tenant),
      icon: row.severity === 'critical' ? 'crit' : row.severity === 'warning' ? 'warn' : 'bell',
      run: () => ui.openAlert(row.fingerprint),
    },
    ...(canAcknowledge(row) && !row.ack
      ? [
          {
            ...common,
            id: `acknowledge-${row.fingerprint}`,
            title: text.acknowledge(name, tenant),
            icon: 'user' as const,
            run: () => ui.openAlert(row.fingerprint, 'note'),
          },
        ]
      : []),
    {
      ...common,
      id: `silence-${row.fingerprint}`,
      title: text.silence(name, tenant),
      icon: 'muted',
      run: () => silenceAlert(row),
    },
    {
      ...common,
      id: `runbook-of-${row.fingerprint}`,
      title: text.runbook(name, tenant),
      icon: 'book',
      run: () => openRunbook(row),
    },
  ];
}

async function tenants(words: string): Promise<Command[]> {
  const rows = panel.snapshot?.alerts.top ?? [];
  const known = rows.find((row) => row.tenant !== null);
  const label =
    Object.entries(known?.labels ?? {}).find(([, value]) => value !== '' && value === known?.tenant)?.[0] ??
    'tenant_id';
  const page = await panel.call('alerts_page', anyAlert({ filter: words, states: [], facets: [label], limit: 0 }));
  return (page.facets[0]?.values ?? []).map(({ name, count }) => ({
    id: `tenant-${name}`,
    group: text.groups.tenants,
    title: text.tenant(safe(name, 80), count),
    icon: 'user',
    run: () => ui.showAlerts({ filter: matcherText(label, name) }),
  }));
}

async function windows(words: string): Promise<Command[]> {
  const current = (panel.snapshot?.maintenance.windows ?? []).filter((w) => w.phase !== 'ended' && w.phase !== 'lost');
  const { rows } = await panel.call('maintenance_history', { search: words, offset: 0, limit: MOST });
  const known = new Set(current.map((w) => w.id));
  return [
    ...current.map((w): Command => ({
      id: `window-${w.id}`,
      group: text.groups.windows,
      title: text.endWindow(safe(w.reason, 80)),
      icon: 'wrench',
      keywords: matchersOf(w),
      run: () => ui.askEnd(w.id),
    })),
    ...rows
      .filter((w) => !known.has(w.id) && w.outcome !== 'refused' && w.outcome !== 'cancelled')
      .map((w): Command => ({
        id: `past-window-${w.id}`,
        group: text.groups.windows,
        title: text.closeOut(safe(w.reason, 80)),
        icon: 'clock',
        keywords: w.createdBy,
        run: () => ui.closeOut(w.id),
      })),
  ];
}

const matchersOf = (w: MaintenanceWindow): string => `${w.createdBy} ${w.matchers.map((m) => m.value).join(' ')}`;

function rules(report: RulesReport): Command[] {
  return report.groups
    .flatMap((g) => g.rules)
    .map((rule) => ({
      id: `rule-${rule.kind}-${rule.id.group}-${rule.id.name}-${rule.id.file}`,
      group: text.groups.rules,
      title: safe(rule.id.name, 90),
      icon: rule.kind === 'alerting' ? 'bell' : 'stack',
      keywords: rule.id.group,
      run: () => ui.go('rules', rule.id.name),
    }));
}

function runbooks(list: RunbookList): Command[] {
  return list.pages.map((page) => ({
    id: `page-${page.id}`,
    group: text.groups.runbooks,
    title: safe(page.title, 90),
    icon: 'book',
    keywords: page.id,
    run: () => ui.go('runbooks', page.id),
  }));
}

function backups(list: BackupList): Command[] {
  return list.backups.map((backup) => ({
    id: `backup-${backup.id}`,
    group: text.groups.backups,
    title: text.backup(safe(backup.id, 40), safe(backup.reason, 60)),
    icon: 'archive',
    keywords: backup.createdBy,
    run: () => ui.go('backups', backup.id),
  }));
}

/** Of every dashboard the newest backup that has it. */
async function dashboards(words: string): Promise<Command[]> {
  if (words.length < 2) return [];
  const { found } = await panel.call('backup_find', { query: words });
  const newest = new Map<string, (typeof found)[number]>();
  for (const match of found) {
    const id = match.dashboard.uid || match.dashboard.path;
    const other = newest.get(id);
    if (!other || other.madeAt < match.madeAt) newest.set(id, match);
  }
  return [...newest].map(([id, { backup, dashboard }]) => ({
    id: `dashboard-${id}`,
    group: text.groups.dashboards,
    title: text.dashboard(safe(dashboard.title, 80), backup),
    icon: 'gauge',
    keywords: `${dashboard.uid} ${dashboard.folder.join(' ')}`,
    run: () => ui.openDashboard(backup, dashboard.path),
  }));
}

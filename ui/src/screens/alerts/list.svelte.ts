// The list of alerts as a window on a list that lives in the panel: only the pages in view are asked for, and asked
// for again when any alert changed. Rows stay on screen until their successors are there.
import type {
  AlertCounts,
  AlertGroup,
  AlertRow,
  AlertSort,
  AlertState,
  AlertsPage,
  AlertsRequest,
  Freshness,
  NamedCount,
  PanelError,
  Severity,
} from '../../lib/contract';
import { asPanelError } from '../../lib/backend';
import type { AlertListQuery } from '../../lib/format/address';
import { isMatcher, join, matcherText, tokenize } from '../../lib/query/filter';
import { panel } from '../../lib/state/panel.svelte';

export const PAGE = 100;
/** Stands for receivers among the facets; no label has this name. */
const RECEIVERS = '@receiver';
const AGAIN_MS = 400;

/** What the segments offer. `active` is everything that has not ended. */
export const VIEWS = ['active', 'firing', 'pending', 'silenced', 'inhibited', 'resolved'] as const;
export type View = (typeof VIEWS)[number];

const STATES: Record<View, AlertState[]> = {
  active: [],
  firing: ['firing'],
  pending: ['pending'],
  silenced: ['silenced', 'muted'],
  inhibited: ['inhibited'],
  resolved: ['resolved'],
};

export class AlertList {
  filter = $state('');
  /** Only these states; none: all but resolved. */
  states = $state.raw<AlertState[]>([]);
  severities = $state.raw<Severity[]>([]);
  receivers = $state.raw<string[]>([]);
  sort = $state<AlertSort>('urgency');
  descending = $state(false);
  /** Labels to group by, the outermost first. */
  groupBy = $state.raw<string[]>([]);

  total = $state(0);
  counts = $state.raw<AlertCounts | null>(null);
  groups = $state.raw<AlertGroup[]>([]);
  groupsTotal = $state(0);
  /** Label names in use, for the choice of what to group by. */
  names = $state.raw<string[]>([]);
  /** Receivers of the alerts that match, the busiest first. */
  receiverCounts = $state.raw<NamedCount[]>([]);
  freshness = $state.raw<Freshness | null>(null);
  pendingFreshness = $state.raw<Freshness | null>(null);
  /** What is wrong with the filter; shown at its box. */
  filterError = $state.raw<PanelError | null>(null);
  /** What else went wrong. */
  error = $state.raw<PanelError | null>(null);
  #pages = $state.raw(new Map<number, AlertRow[]>());
  #first = 0;
  #last = 0;
  #generation = 0;
  #asking = new Set<number>();
  #again: ReturnType<typeof setTimeout> | undefined;
  #at = 0;

  get narrowed(): boolean {
    return (
      this.filter.trim() !== '' || this.severities.length > 0 || this.receivers.length > 0 || this.states.length > 0
    );
  }

  /** The segment that asks for these states; null when they are another choice of them. */
  get view(): View | null {
    const same = (a: readonly AlertState[]): boolean =>
      a.length === this.states.length && a.every((s) => this.states.includes(s));
    return VIEWS.find((v) => same(STATES[v])) ?? null;
  }

  show(view: View): void {
    this.states = STATES[view];
  }

  /** What a person chose, to be saved, linked to or exported. */
  get query(): Required<AlertListQuery> {
    return {
      filter: this.filter.trim(),
      states: this.states,
      severities: this.severities,
      receivers: this.receivers,
      groupBy: this.groupBy,
      sort: this.sort,
      descending: this.descending,
    };
  }

  /** Asks for a list that was saved, linked to, or named elsewhere in the panel. */
  take(query: AlertListQuery): void {
    this.filter = query.filter ?? '';
    // Who asks for the silenced ones means those of time intervals too.
    this.states =
      query.states?.length === 1
        ? (VIEWS.map((v) => STATES[v]).find((s) => s.includes(query.states?.[0] as AlertState)) ?? query.states)
        : (query.states ?? []);
    this.severities = query.severities ?? [];
    this.receivers = query.receivers ?? [];
    this.groupBy = query.groupBy ?? [];
    this.sort = query.sort ?? 'urgency';
    this.descending = query.descending ?? false;
  }

  /** The whole list as a request. */
  request(part: Partial<AlertsRequest>): AlertsRequest {
    return { ...this.query, facets: [], labelNames: false, offset: 0, limit: 0, ...part };
  }

  /** The row at `index`, if its page is here. */
  row(index: number): AlertRow | undefined {
    return this.#pages.get(Math.floor(index / PAGE))?.[index % PAGE];
  }

  find(fingerprint: string): AlertRow | undefined {
    for (const rows of this.#pages.values()) {
      const row = rows.find((r) => r.fingerprint === fingerprint);
      if (row) return row;
    }
    return undefined;
  }

  /** Index of an alert in the pages that are here; -1 if it is in none. */
  indexOf(fingerprint: string): number {
    for (const [page, rows] of this.#pages) {
      const at = rows.findIndex((r) => r.fingerprint === fingerprint);
      if (at >= 0) return page * PAGE + at;
    }
    return -1;
  }

  /** Tells which rows are in view. */
  look(first: number, last: number): void {
    this.#first = Math.max(0, first);
    this.#last = Math.max(0, last);
    for (const page of this.#inView()) if (!this.#pages.has(page)) void this.#ask(page);
  }

  /** Something else is asked for: the old rows stay until the answer, the place does not. */
  restart(): void {
    this.#first = 0;
    this.#last = 0;
    this.#reload();
  }

  /** Any alert changed. At most every `AGAIN_MS`. */
  changed(): void {
    clearTimeout(this.#again);
    this.#again = setTimeout(() => this.#reload(), Math.max(0, this.#at + AGAIN_MS - Date.now()));
  }

  stop(): void {
    clearTimeout(this.#again);
    this.#generation += 1;
  }

  toggleSeverity(severity: Severity): void {
    this.severities = this.severities.includes(severity)
      ? this.severities.filter((s) => s !== severity)
      : [...this.severities, severity];
  }

  sortBy(column: AlertSort): void {
    if (this.sort === column && this.descending) {
      this.sort = 'urgency';
      this.descending = false;
    } else if (this.sort === column) {
      this.descending = true;
    } else {
      this.sort = column;
      this.descending = false;
    }
  }

  /** Adds a label to the filter, or takes its place where the filter asks for another value of it. */
  pick(name: string, value: string): void {
    const token = matcherText(name, value);
    const kept = tokenize(this.filter).tokens.filter((t) => !(isMatcher(t) && new RegExp(`^${name}\\s*=[^~]`).test(t)));
    this.filter = join([...kept, token]);
  }

  /** Narrows the list to a group's alerts. */
  open(group: AlertGroup): void {
    this.filter = join([...tokenize(this.filter).tokens, ...tokenize(group.filter).tokens]);
    this.groupBy = [];
  }

  clear(): void {
    const { sort, descending } = this;
    this.take({ sort, descending });
  }

  #inView(): number[] {
    const from = Math.floor(this.#first / PAGE);
    const to = Math.floor(this.#last / PAGE);
    return Array.from({ length: Math.min(4, to - from + 1) }, (_, i) => from + i);
  }

  #reload(): void {
    this.#generation += 1;
    this.#asking.clear();
    this.#at = Date.now();
    for (const page of this.#inView()) void this.#ask(page, true);
  }

  async #ask(page: number, replace = false): Promise<void> {
    if (this.#asking.has(page)) return;
    this.#asking.add(page);
    const request = this.#generation;
    let reply: AlertsPage;
    try {
      reply = await panel.call(
        'alerts_page',
        this.request({
          facets: page === 0 ? [RECEIVERS] : [],
          labelNames: page === 0,
          offset: page * PAGE,
          limit: PAGE,
        }),
      );
    } catch (thrown) {
      if (request !== this.#generation) return;
      const error = asPanelError(thrown);
      this.#asking.delete(page);
      if (error.code === 'invalid-request') this.filterError = error;
      else this.error = error;
      return;
    }
    if (request !== this.#generation) return;
    this.#asking.delete(page);
    // The first answer of a new generation throws the old pages away; later ones join it.
    const pages = replace
      ? new Map([...this.#pages].filter(([p]) => this.#inView().includes(p)))
      : new Map(this.#pages);
    pages.set(page, reply.rows);
    this.#pages = pages;
    this.total = reply.total;
    this.counts = reply.counts;
    this.groups = reply.groups;
    this.groupsTotal = reply.groupsTotal;
    if (page === 0) {
      this.names = reply.labelNames.map((n) => n.name);
      // Who chose a receiver still sees the others.
      if (this.receivers.length === 0) this.receiverCounts = reply.facets[0]?.values ?? [];
    }
    this.freshness = reply.freshness;
    this.pendingFreshness = reply.pendingFreshness;
    this.filterError = null;
    this.error = null;
  }
}

// State of the alerts screen: the list, the alert that is open, and what the list shows when it has no rows.
import type { AlertRow } from '../../lib/contract';
import { join, labelsFilter, tokenize } from '../../lib/query/filter';
import { findAlert } from '../../lib/state/alert-lookup';
import { clock } from '../../lib/state/clock.svelte';
import { age } from '../../lib/state/freshness';
import { panel } from '../../lib/state/panel.svelte';
import { ui } from '../../lib/state/ui.svelte';
import { text } from '../../lib/text/alerts';
import { activeCount, listContent, viewOptions } from './list-content';
import { AlertList } from './list.svelte';

export type Part = 'now' | 'history';

export class AlertsScreen {
  readonly list = new AlertList();
  /** Current alerts, or past ones. */
  part = $state<Part>('now');
  /** The open alert where the list does not have it: as it was found elsewhere, or its last known state. */
  #known = $state.raw<AlertRow | null>(null);
  /** Fingerprint of an alert that is no longer listed anywhere. */
  #gone = $state<string | null>(null);
  #latestLookup = 0;

  /** Fingerprint of the open alert. */
  readonly openedId = $derived(ui.route.screen === 'alerts' ? ui.route.item : null);
  readonly opened = $derived.by(() => {
    const id = this.openedId;
    if (id === null) return null;
    return this.list.find(id) ?? (this.#known?.fingerprint === id ? this.#known : null);
  });
  readonly openedLeft = $derived(
    this.openedId !== null && this.#gone === this.openedId && this.list.find(this.openedId) === undefined,
  );

  /** The snapshot learns of a failed poll immediately; the page only when it is requested again. */
  readonly age = $derived.by(() => {
    const freshness = panel.snapshot?.alerts.freshness ?? this.list.freshness;
    return freshness ? age(freshness, clock.now, panel.service('alertmanager')?.intervalS ?? 10) : null;
  });
  /** Whether pending alerts, which come from Prometheus, are older than the list around them. */
  readonly pendingBehind = $derived.by(() => {
    const freshness = panel.snapshot?.alerts.pendingFreshness;
    if (!freshness || this.age?.kind !== 'fresh') return null;
    const { kind } = age(freshness, clock.now, panel.service('prometheus')?.intervalS ?? 15);
    return kind === 'stale' || kind === 'never' ? kind : null;
  });

  readonly loading = $derived(this.list.counts === null && this.list.error === null && this.list.filterError === null);
  /** Active alerts without any filter. */
  readonly active = $derived(panel.snapshot ? activeCount(panel.snapshot.alerts.counts) : 0);
  readonly views = $derived(viewOptions(this.list.counts));
  readonly content = $derived(
    listContent({
      total: this.list.total,
      loading: this.loading,
      failed: this.list.error !== null,
      grouped: this.list.groupBy.length > 0,
      narrowed: this.list.narrowed,
      invalidFilter: this.list.filterError !== null,
      active: this.active,
      age: this.age,
    }),
  );

  pick(index: number): void {
    const row = this.list.row(index);
    if (!row) return;
    this.#known = row;
    ui.replaceItem(row.fingerprint);
  }

  close(): boolean {
    if (this.openedId === null) return false;
    ui.replaceItem(null);
    return true;
  }

  /** Keeps the open alert current while the list does not show it: its filter may leave it out. */
  async follow(): Promise<void> {
    const id = this.openedId;
    const request = ++this.#latestLookup;
    if (id === null) return;
    const listed = this.list.find(id) ?? panel.snapshot?.alerts.top.find((row) => row.fingerprint === id);
    if (listed) {
      [this.#known, this.#gone] = [listed, null];
      return;
    }
    const last = this.#known?.fingerprint === id ? this.#known : null;
    try {
      const row = await findAlert(id, last ? hintOf(last) : '');
      if (request !== this.#latestLookup) return;
      if (row) [this.#known, this.#gone] = [row, null];
      else if (last) this.#gone = id;
      else {
        ui.notify('none', text.detail.notListed);
        this.close();
      }
    } catch {
      // The list itself shows what failed.
    }
  }

  show(part: Part): void {
    this.part = part;
    this.list.filterError = null;
    if (part === 'now') this.list.restart();
  }

  /** Adds a matcher to the filter, once. */
  addMatcher(matcher: string): void {
    this.list.filter = join([...tokenize(this.list.filter).tokens.filter((t) => t !== matcher), matcher]);
  }
}

/** A filter that narrows the lookup of an alert; long values may have been cut and match nothing. */
function hintOf(alert: AlertRow): string {
  const short = Object.entries(alert.labels).filter(([, value]) => value !== undefined && value.length <= 100);
  return labelsFilter(Object.fromEntries(short), 6);
}

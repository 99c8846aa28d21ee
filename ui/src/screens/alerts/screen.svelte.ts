// State of the alerts screen: the list, the alert that is open, and what the list shows when it has no rows.
import type { AlertRow } from '../../lib/contract';
import { join, tokenize } from '../../lib/query/filter';
import { clock } from '../../lib/state/clock.svelte';
import { age } from '../../lib/state/freshness';
import { panel } from '../../lib/state/panel.svelte';
import { activeCount, listContent, viewOptions } from './list-content';
import { AlertList } from './list.svelte';

export type Part = 'now' | 'history';

export class AlertsScreen {
  readonly list = new AlertList();
  /** Current alerts, or past ones. */
  part = $state<Part>('now');
  #picked = $state.raw<AlertRow | null>(null);

  /** The open alert as the list has it now; its last known state when it left the list. */
  readonly opened = $derived(this.#picked && (this.list.find(this.#picked.fingerprint) ?? this.#picked));
  readonly openedLeft = $derived(this.#picked !== null && this.list.find(this.#picked.fingerprint) === undefined);

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
    this.#picked = this.list.row(index) ?? this.#picked;
  }

  close(): void {
    this.#picked = null;
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

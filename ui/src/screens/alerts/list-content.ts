// What the alerts screen shows in place of its list, and the counts on its state switch.
import type { AlertCounts } from '../../lib/contract';
import type { Age } from '../../lib/state/freshness';
import { text } from '../../lib/text/alerts';
import type { View } from './list.svelte';

/** Alerts that have not ended. */
export function activeCount(counts: AlertCounts): number {
  return counts.firing + counts.pending + counts.silenced + counts.inhibited + counts.muted;
}

export interface ViewOption {
  value: View;
  label: string;
  /** None until the first reply. */
  count: number | undefined;
}

export function viewOptions(counts: AlertCounts | null): ViewOption[] {
  return [
    { value: 'active', label: text.views.active, count: counts ? activeCount(counts) : undefined },
    { value: 'firing', label: text.views.firing, count: counts?.firing },
    { value: 'pending', label: text.views.pending, count: counts?.pending },
    { value: 'silenced', label: text.views.silenced, count: counts ? counts.silenced + counts.muted : undefined },
    { value: 'inhibited', label: text.views.inhibited, count: counts?.inhibited },
    { value: 'resolved', label: text.views.resolved, count: counts?.resolved },
  ];
}

/** `table` includes its skeleton; `filtered` is empty because of the filter, `none` because nothing is there. */
export type ListContent = 'failed' | 'groups' | 'table' | 'never' | 'absent' | 'loading' | 'filtered' | 'none';

export interface ListState {
  /** Rows that match. */
  total: number;
  /** Whether the first reply is outstanding. */
  loading: boolean;
  /** Whether the request failed, for another reason than its filter. */
  failed: boolean;
  grouped: boolean;
  /** Whether anything but the sort order is chosen. */
  narrowed: boolean;
  invalidFilter: boolean;
  /** Active alerts without any filter. */
  active: number;
  age: Age | null;
}

export function listContent(list: ListState): ListContent {
  if (list.total > 0) return list.grouped ? 'groups' : 'table';
  if (list.failed) return 'failed';
  if (list.loading) return 'table';
  if (list.age?.kind === 'never' || list.age?.kind === 'absent' || list.age?.kind === 'loading') return list.age.kind;
  return list.narrowed && (list.active > 0 || list.invalidFilter) ? 'filtered' : 'none';
}

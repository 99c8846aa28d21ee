// What can be done with an item of a restore plan, and how it compares with what is live.
import type { RestoreAction, RestoreItem, RestorePart } from '../../lib/contract';
import { text } from '../../lib/text/backups';
import type { Tone } from './labels';

export interface Comparison {
  tone: Tone;
  text: string;
}

/** Whether this action writes something. */
export const writes = (action: RestoreAction): boolean =>
  action === 'create' || action === 'update' || action === 'copy';

/** Whether a part holds resources of several kinds. */
export const hasKinds = (part: RestorePart): boolean => part === 'alerting' || part === 'permissions';

export const canRestoreDashboard = (item: RestoreItem | undefined): boolean =>
  item !== undefined && item.act !== 'identical' && item.obstacle !== 'unusable';

/** The data source mapping without entries that none of the items uses: the panel refuses those. */
export function usedMapping(mapping: Record<string, string>, items: readonly RestoreItem[]): Record<string, string> {
  const used = new Set(items.flatMap((item) => item.dataSources.map((source) => source.reference)));
  return Object.fromEntries(Object.entries(mapping).filter(([from]) => used.has(from)));
}

/** Of everything but dashboards: without an action or a choice there is nothing to restore. */
export const canRestore = (item: RestoreItem | undefined): boolean =>
  item !== undefined && (writes(item.act) || item.choices.length > 0);

/** A dashboard of a backup compared with the one in Grafana. */
export function compareDashboard(item: RestoreItem): Comparison {
  const words = text.comparison;
  if (item.obstacle === 'unusable') return { tone: 'crit', text: words.unusable };
  if (item.obstacle === 'storage-unknown') return { tone: 'warn', text: words.storageUnknown };
  if (item.liveVersion === null) return { tone: 'crit', text: words.deleted };
  if (item.obstacle === 'provisioned') return { tone: 'mute', text: words.provisioned };
  if (item.act === 'identical') return { tone: 'none', text: words.identical };
  const panels = new Set(item.changes.filter((c) => c.panel).map((c) => c.panel)).size;
  if (panels > 0) return { tone: 'warn', text: words.panels(panels) };
  return { tone: 'warn', text: item.changes.length > 0 ? words.differs : words.moved };
}

/** What differs from Grafana comes first, what is identical last; otherwise the order stays. */
export function differencesFirst<T>(rows: readonly T[], item: (row: T) => RestoreItem | undefined): T[] {
  const rank = (row: T): number => {
    const compared = item(row);
    return compared === undefined ? 1 : compared.act === 'identical' ? 2 : 0;
  };
  return [...rows].sort((a, b) => rank(a) - rank(b));
}

/** Any other resource or a configuration file compared with the live one. */
export function compareItem(item: RestoreItem): Comparison {
  const words = text.comparison;
  if (item.act === 'identical') return { tone: 'none', text: words.identical };
  if (item.obstacle === 'unusable') return { tone: 'crit', text: words.unusable };
  if (item.obstacle === 'provisioned') return { tone: 'mute', text: words.provisioned };
  if (item.obstacle === 'would-widen') return { tone: 'warn', text: words.wider };
  if (item.act === 'create' || item.obstacle === 'secrets-missing') return { tone: 'crit', text: words.missing };
  return { tone: 'warn', text: item.kind === 'annotations' ? words.incomplete : words.differs };
}

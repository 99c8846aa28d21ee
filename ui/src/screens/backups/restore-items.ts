// What can be done with an item of a restore plan, and how it compares with what is live.
import type { RestoreAction, RestoreItem } from '../../lib/contract';
import type { Tone } from './labels';

export interface Comparison {
  tone: Tone;
  text: string;
}

/** Whether this action writes something. */
export const writes = (action: RestoreAction): boolean =>
  action === 'create' || action === 'update' || action === 'copy';

export const canRestoreDashboard = (item: RestoreItem | undefined): boolean =>
  item !== undefined && item.act !== 'identical' && item.obstacle !== 'unusable';

/** The data source mapping without entries that none of the items uses: the panel refuses those. */
export function usedMapping(mapping: Record<string, string>, items: readonly RestoreItem[]): Record<string, string> {
  const used = new Set(items.flatMap((item) => item.dataSources.map((source) => source.reference)));
  return Object.fromEntries(Object.entries(mapping).filter(([from]) => used.has(from)));
}

/** Of alerting resources and configuration files: without an action or a choice there is nothing to restore. */
export const canRestore = (item: RestoreItem | undefined): boolean =>
  item !== undefined && (writes(item.act) || item.choices.length > 0);

/** A dashboard of a backup compared with the one in Grafana. */
export function compareDashboard(item: RestoreItem): Comparison {
  if (item.obstacle === 'unusable') return { tone: 'crit', text: 'can’t be restored' };
  if (item.obstacle === 'storage-unknown') return { tone: 'warn', text: 'can’t be compared' };
  if (item.liveVersion === null) return { tone: 'crit', text: 'deleted' };
  if (item.obstacle === 'provisioned') return { tone: 'mute', text: 'provisioned from a file' };
  if (item.act === 'identical') return { tone: 'none', text: 'identical' };
  const panels = new Set(item.changes.filter((c) => c.panel).map((c) => c.panel)).size;
  if (panels > 0) return { tone: 'warn', text: `${panels} ${panels === 1 ? 'panel differs' : 'panels differ'}` };
  return { tone: 'warn', text: item.changes.length > 0 ? 'differs' : 'moved' };
}

/** An alerting resource or a configuration file compared with the live one. */
export function compareItem(item: RestoreItem): Comparison {
  if (item.act === 'identical') return { tone: 'none', text: 'identical' };
  if (item.obstacle === 'unusable') return { tone: 'crit', text: 'can’t be restored' };
  if (item.obstacle === 'provisioned') return { tone: 'mute', text: 'provisioned from a file' };
  if (item.act === 'create' || item.obstacle === 'secrets-missing') return { tone: 'crit', text: 'missing' };
  return { tone: 'warn', text: 'differs' };
}

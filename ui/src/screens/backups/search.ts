// Search in the dashboards of a backup.
import type { BackupDashboard } from '../../lib/contract';

/** Whether title, UID, folder or tags contain every term. */
export function matchesSearch(dashboard: BackupDashboard, search: string): boolean {
  const terms = search.toLowerCase().split(/\s+/).filter(Boolean);
  const searched =
    `${dashboard.title} ${dashboard.uid} ${dashboard.folder.join(' ')} ${dashboard.tags.join(' ')}`.toLowerCase();
  return terms.every((term) => searched.includes(term));
}

// Which parts of a backup can be opened; empty parts have no tab.
import type { BackupDetail } from '../../lib/contract';
import { text } from '../../lib/text/backups';

/** Parts of a backup that share a tab, and the file that each is in. */
export const OTHER_PARTS = {
  permissions: 'grafana/permissions.json',
  annotations: 'grafana/annotations.json',
  playlists: 'grafana/playlists.json',
  'public-dashboards': 'grafana/public-dashboards.json',
} as const;
export type OtherPart = keyof typeof OTHER_PARTS;

/** Those of the parts that a backup has. */
export function otherParts(detail: BackupDetail): OtherPart[] {
  const paths = new Set(detail.files.map((file) => file.path));
  return (Object.keys(OTHER_PARTS) as OtherPart[]).filter((part) => paths.has(OTHER_PARTS[part]));
}

export type ContentTab = keyof typeof text.tabs;

export function contentTabs(detail: BackupDetail): { id: ContentTab; title: string; n: number | null }[] {
  const under = (folder: string): number => detail.files.filter((f) => f.path.startsWith(folder)).length;
  const counts: Record<ContentTab, number | null> = {
    dashboards: detail.dashboards.length,
    // How many resources are in these files is known only to the restore plan.
    alerting: under('grafana/alerting/') > 0 ? null : 0,
    configs: under('configs/'),
    other: otherParts(detail).length > 0 ? null : 0,
    compare: null,
    files: detail.files.length,
    blocks: detail.blocks.length,
    manifest: null,
  };
  return (Object.keys(text.tabs) as ContentTab[])
    .map((id) => ({ id, title: text.tabs[id], n: counts[id] }))
    .filter((tab) => tab.n !== 0);
}

/** The tab that a backup opens on. */
export function firstTab(detail: BackupDetail): ContentTab {
  if (detail.dashboards.length > 0) return 'dashboards';
  return detail.blocks.length > 0 ? 'blocks' : 'files';
}

// Labels, tones and icons of backups and restores.
import type {
  Backup,
  BackupPartKind,
  BackupVerdict,
  Change,
  RestoreAction,
  RestoreChoice,
  RestoreKind,
  RestoreOutcome,
  RestorePart,
  RestoreState,
} from '../../lib/contract';
import type { IconName } from '../../lib/components/Icon.svelte';
import { count } from '../../lib/format/number';
import { text } from '../../lib/text/backups';

export type Tone = 'ok' | 'warn' | 'crit' | 'mute' | 'acc' | 'none';
export interface Label {
  tone: Tone;
  icon: IconName;
  label: string;
  /** Tooltip. */
  description: string;
}

export const VERDICT: Record<BackupVerdict, Label> = {
  verified: {
    tone: 'ok',
    icon: 'check',
    label: 'verified',
    description: 'Complete; the checksum of every file matches the manifest.',
  },
  'without-tsdb': {
    tone: 'warn',
    icon: 'check',
    label: 'without TSDB',
    description: 'Prometheus data could not be reached; the checksum of every other file matches the manifest.',
  },
  complete: {
    tone: 'none',
    icon: 'archive',
    label: 'complete',
    description: 'Complete when created; checksums have not been verified since.',
  },
  incomplete: {
    tone: 'crit',
    icon: 'crit',
    label: 'incomplete',
    description: 'Part of the backup failed when it was created.',
  },
  changed: { tone: 'crit', icon: 'crit', label: 'corrupted', description: 'The files no longer match the manifest.' },
  foreign: {
    tone: 'warn',
    icon: 'warn',
    label: 'unverified',
    description: 'Created by another tool, without checksums to verify.',
  },
};

export const PART: Record<BackupPartKind, string> = {
  grafana: 'Grafana',
  prometheus: 'Prometheus',
  alertmanager: 'Alertmanager',
  configs: 'Configuration',
  permissions: 'Permissions',
  annotations: 'Annotations',
  playlists: 'Playlists',
  'public-dashboards': 'Public dashboards',
};

export const ACT: Record<RestoreAction, Label> = {
  create: { tone: 'ok', icon: 'plus', label: 'create', description: 'It does not exist in the target.' },
  update: { tone: 'acc', icon: 'refresh', label: 'update', description: 'It replaces the current version.' },
  identical: { tone: 'none', icon: 'check', label: 'identical', description: 'No changes needed.' },
  copy: { tone: 'ok', icon: 'copy', label: 'copy', description: 'It is created next to the current version.' },
  skip: { tone: 'none', icon: 'none', label: 'keep', description: 'The current version is kept.' },
  choose: { tone: 'crit', icon: 'crit', label: 'conflict', description: 'Choose how to restore it first.' },
};

export const CHOICE: Record<RestoreChoice, string> = {
  keep: 'Keep current',
  replace: 'Replace',
  copy: 'Restore as copy',
  'without-secrets': 'Create without secrets',
};

/** What a restore counts. */
export const NOUN: Record<RestorePart, string> = {
  dashboards: 'dashboard',
  alerting: 'resource',
  configs: 'file',
  permissions: 'item',
  annotations: 'group',
  playlists: 'playlist',
  'public-dashboards': 'public dashboard',
};

export const KIND: Record<RestoreKind, string> = {
  dashboard: 'dashboard',
  'alert-rule': 'alert rule',
  'rule-group': 'rule group',
  'contact-point': 'contact point',
  policies: 'notification policies',
  'mute-timing': 'mute timing',
  template: 'notification template',
  file: 'file',
  'folder-permissions': 'folder',
  'dashboard-permissions': 'dashboard',
  annotations: 'annotations',
  playlist: 'playlist',
  'public-dashboard': 'public dashboard',
};

export const OUTCOME: Record<RestoreOutcome, Label> = {
  done: { tone: 'ok', icon: 'check', label: 'restored', description: 'Written and read back.' },
  conflict: {
    tone: 'crit',
    icon: 'crit',
    label: 'conflict',
    description: 'Edited during the restore; left unchanged.',
  },
  failed: { tone: 'crit', icon: 'crit', label: 'failed', description: 'The server rejected it.' },
  pending: { tone: 'warn', icon: 'clock', label: 'not attempted', description: 'The run ended before this item.' },
};

export const STATE: Record<RestoreState, Label> = {
  running: { tone: 'acc', icon: 'spin', label: 'running', description: '' },
  done: { tone: 'ok', icon: 'check', label: 'completed', description: '' },
  partly: { tone: 'warn', icon: 'warn', label: 'partially completed', description: '' },
  interrupted: {
    tone: 'crit',
    icon: 'crit',
    label: 'interrupted',
    description: 'The panel was closed during the restore. Restore again to continue, or undo.',
  },
  undone: { tone: 'none', icon: 'undo', label: 'undone', description: '' },
  'partly-undone': { tone: 'warn', icon: 'warn', label: 'partially undone', description: '' },
};

export const CHANGE: Record<Change, Label> = {
  added: { tone: 'ok', icon: 'plus', label: 'added', description: '' },
  removed: { tone: 'crit', icon: 'none', label: 'removed', description: '' },
  changed: { tone: 'warn', icon: 'refresh', label: 'changed', description: '' },
  same: { tone: 'none', icon: 'check', label: 'identical', description: '' },
};

/** "42 dashboards, 14 blocks, 6 files" */
export function contents(backup: Backup): string {
  const parts = backup.parts
    .filter((p) => p.count > 0)
    .map((p) => `${count(p.count)} ${p.count === 1 ? p.what.replace(/s$/, '') : p.what}`);
  return parts.join(', ') || text.table.nothing;
}

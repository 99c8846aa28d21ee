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
  word: string;
  /** What the word means, for a tooltip. */
  says: string;
}

export const VERDICT: Record<BackupVerdict, Label> = {
  verified: {
    tone: 'ok',
    icon: 'check',
    word: 'verified',
    says: 'Complete; the checksum of every file matches the manifest.',
  },
  complete: {
    tone: 'none',
    icon: 'archive',
    word: 'complete',
    says: 'Complete when created; checksums have not been verified since.',
  },
  incomplete: {
    tone: 'crit',
    icon: 'crit',
    word: 'incomplete',
    says: 'Part of the backup failed when it was created.',
  },
  changed: { tone: 'crit', icon: 'crit', word: 'corrupted', says: 'The files no longer match the manifest.' },
  foreign: {
    tone: 'warn',
    icon: 'warn',
    word: 'unverified',
    says: 'Created by another tool, without checksums to verify.',
  },
};

export const PART: Record<BackupPartKind, string> = {
  grafana: 'Grafana',
  prometheus: 'Prometheus',
  alertmanager: 'Alertmanager',
  configs: 'Configuration',
};

export const ACT: Record<RestoreAction, Label> = {
  create: { tone: 'ok', icon: 'plus', word: 'create', says: 'It does not exist in the target.' },
  update: { tone: 'acc', icon: 'refresh', word: 'update', says: 'It replaces the current version.' },
  identical: { tone: 'none', icon: 'check', word: 'identical', says: 'No changes needed.' },
  copy: { tone: 'ok', icon: 'copy', word: 'copy', says: 'It is created next to the current version.' },
  skip: { tone: 'none', icon: 'none', word: 'keep', says: 'The current version is kept.' },
  choose: { tone: 'crit', icon: 'crit', word: 'conflict', says: 'Choose how to restore it first.' },
};

export const CHOICE: Record<RestoreChoice, string> = {
  keep: 'Keep current',
  replace: 'Replace',
  copy: 'Restore as copy',
  'without-secrets': 'Create without secrets',
};

/** What a restore counts. */
export const NOUN: Record<RestorePart, string> = { dashboards: 'dashboard', alerting: 'resource', configs: 'file' };

export const KIND: Record<RestoreKind, string> = {
  dashboard: 'dashboard',
  'alert-rule': 'alert rule',
  'rule-group': 'rule group',
  'contact-point': 'contact point',
  policies: 'notification policies',
  'mute-timing': 'mute timing',
  template: 'notification template',
  file: 'file',
};

export const OUTCOME: Record<RestoreOutcome, Label> = {
  done: { tone: 'ok', icon: 'check', word: 'restored', says: 'Written and read back.' },
  conflict: {
    tone: 'crit',
    icon: 'crit',
    word: 'conflict',
    says: 'Edited during the restore; left unchanged.',
  },
  failed: { tone: 'crit', icon: 'crit', word: 'failed', says: 'The server rejected it.' },
  pending: { tone: 'warn', icon: 'clock', word: 'not attempted', says: 'The run ended before this item.' },
};

export const STATE: Record<RestoreState, Label> = {
  running: { tone: 'acc', icon: 'spin', word: 'running', says: '' },
  done: { tone: 'ok', icon: 'check', word: 'completed', says: '' },
  partly: { tone: 'warn', icon: 'warn', word: 'partially completed', says: '' },
  interrupted: {
    tone: 'crit',
    icon: 'crit',
    word: 'interrupted',
    says: 'The panel was closed during the restore. Restore again to continue, or undo.',
  },
  undone: { tone: 'none', icon: 'undo', word: 'undone', says: '' },
  'partly-undone': { tone: 'warn', icon: 'warn', word: 'partially undone', says: '' },
};

export const CHANGE: Record<Change, Label> = {
  added: { tone: 'ok', icon: 'plus', word: 'added', says: '' },
  removed: { tone: 'crit', icon: 'none', word: 'removed', says: '' },
  changed: { tone: 'warn', icon: 'refresh', word: 'changed', says: '' },
  same: { tone: 'none', icon: 'check', word: 'identical', says: '' },
};

/** "42 dashboards, 14 blocks, 6 files" */
export function contents(backup: Backup): string {
  const parts = backup.parts
    .filter((p) => p.count > 0)
    .map((p) => `${count(p.count)} ${p.count === 1 ? p.what.replace(/s$/, '') : p.what}`);
  return parts.join(', ') || text.table.nothing;
}

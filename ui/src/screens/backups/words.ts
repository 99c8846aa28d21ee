// The words and signs of backups and restores.
import type {
  Backup,
  BackupPartKind,
  BackupVerdict,
  Change,
  RestoreAction,
  RestoreChoice,
  RestoreItem,
  RestoreKind,
  RestoreOutcome,
  RestoreState,
  RestorePart,
} from '../../lib/contract';
import type { IconName } from '../../lib/components/Icon.svelte';

export type Tone = 'ok' | 'warn' | 'crit' | 'mute' | 'acc' | 'none';
export interface Look {
  tone: Tone;
  icon: IconName;
  word: string;
  says: string;
}

export const VERDICT: Record<BackupVerdict, Look> = {
  verified: {
    tone: 'ok',
    icon: 'check',
    word: 'verified',
    says: 'Complete, and every file was held against its hash.',
  },
  complete: {
    tone: 'none',
    icon: 'archive',
    word: 'complete',
    says: 'Complete when it was made; not looked at again since.',
  },
  incomplete: { tone: 'crit', icon: 'crit', word: 'incomplete', says: 'A part failed when it was made.' },
  changed: { tone: 'crit', icon: 'crit', word: 'changed', says: 'It is no longer as it was made.' },
  foreign: {
    tone: 'warn',
    icon: 'warn',
    word: 'unverified',
    says: 'Made by another tool: there are no hashes to hold it against.',
  },
};

export const PART: Record<BackupPartKind, string> = {
  grafana: 'Grafana',
  prometheus: 'Prometheus',
  alertmanager: 'Alertmanager',
  configs: 'Configuration',
};

export const ACT: Record<RestoreAction, Look> = {
  create: { tone: 'ok', icon: 'plus', word: 'create', says: 'It is not there now.' },
  update: { tone: 'acc', icon: 'refresh', word: 'update', says: 'It takes the place of what is there now.' },
  identical: { tone: 'none', icon: 'check', word: 'identical', says: 'Nothing to do.' },
  copy: { tone: 'ok', icon: 'copy', word: 'copy', says: 'It is made beside what Grafana has.' },
  skip: { tone: 'none', icon: 'none', word: 'keep', says: 'What is there now stays.' },
  choose: { tone: 'crit', icon: 'crit', word: 'choose', says: 'Somebody has to choose first.' },
};

export const CHOICE: Record<RestoreChoice, string> = {
  keep: 'Keep theirs',
  replace: 'Replace',
  copy: 'Restore as a copy',
  'without-secrets': 'Make it without secrets',
};

/** What is counted in a restore. */
export const NOUN: Record<RestorePart, string> = { dashboards: 'dashboard', alerting: 'item', configs: 'file' };

export const KIND: Record<RestoreKind, string> = {
  dashboard: 'dashboard',
  'alert-rule': 'alert rule',
  'rule-group': 'rule group',
  'contact-point': 'contact point',
  policies: 'policies',
  'mute-timing': 'mute timing',
  template: 'template',
  file: 'file',
};

export const OUTCOME: Record<RestoreOutcome, Look> = {
  done: { tone: 'ok', icon: 'check', word: 'done', says: 'Written and read back.' },
  conflict: {
    tone: 'crit',
    icon: 'crit',
    word: 'conflict',
    says: 'Somebody changed it meanwhile; it was left as it is.',
  },
  failed: { tone: 'crit', icon: 'crit', word: 'failed', says: 'It was refused.' },
  pending: { tone: 'warn', icon: 'clock', word: 'not reached', says: 'The run was ended before.' },
};

export const STATE: Record<RestoreState, Look> = {
  running: { tone: 'acc', icon: 'spin', word: 'running', says: '' },
  done: { tone: 'ok', icon: 'check', word: 'done', says: '' },
  partly: { tone: 'warn', icon: 'warn', word: 'partly done', says: '' },
  interrupted: {
    tone: 'crit',
    icon: 'crit',
    word: 'interrupted',
    says: 'The panel was ended in the middle. Restore again to go on, or undo.',
  },
  undone: { tone: 'none', icon: 'undo', word: 'undone', says: '' },
  'partly-undone': { tone: 'warn', icon: 'warn', word: 'partly undone', says: '' },
};

export const CHANGE: Record<Change, Look> = {
  added: { tone: 'ok', icon: 'plus', word: 'added', says: '' },
  removed: { tone: 'crit', icon: 'none', word: 'removed', says: '' },
  changed: { tone: 'warn', icon: 'refresh', word: 'changed', says: '' },
  same: { tone: 'none', icon: 'check', word: 'same', says: '' },
};

/** How a dashboard of a backup stands against Grafana, in a few words. */
export function against(item: RestoreItem): { tone: Tone; text: string } {
  if (item.obstacle === 'unusable') return { tone: 'crit', text: 'can’t be read' };
  if (item.liveVersion === null) return { tone: 'crit', text: 'deleted' };
  if (item.obstacle === 'provisioned') return { tone: 'mute', text: 'provisioned from a file' };
  if (item.act === 'identical') return { tone: 'none', text: 'identical' };
  const panels = new Set(item.changes.filter((c) => c.panel).map((c) => c.panel)).size;
  if (panels > 0) return { tone: 'warn', text: `${panels} ${panels === 1 ? 'panel differs' : 'panels differ'}` };
  return { tone: 'warn', text: item.changes.length > 0 ? 'differs' : 'moved' };
}

/** What a backup holds, in a line: "42 dashboards, 14 blocks, 6 files". */
export function contents(backup: Backup): string {
  const parts = backup.parts
    .filter((p) => p.count > 0)
    .map((p) => `${p.count.toLocaleString('en-US')} ${p.count === 1 ? p.what.replace(/s$/, '') : p.what}`);
  return parts.join(', ') || 'nothing';
}

/** Whether a dashboard would be written. */
export const writes = (act: RestoreAction): boolean => act === 'create' || act === 'update' || act === 'copy';

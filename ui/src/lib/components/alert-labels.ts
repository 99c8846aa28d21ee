// Alert states and severities: word, icon and tone. Every screen takes them from here.
import type { AlertState, Level, Severity } from '../contract';
import type { IconName } from './Icon.svelte';

export interface Word {
  word: string;
  tone: 'ok' | 'warn' | 'crit' | 'mute' | 'acc' | 'none';
  icon: IconName;
}

export const STATE: Record<AlertState, Word> = {
  firing: { word: 'firing', tone: 'crit', icon: 'bell' },
  pending: { word: 'pending', tone: 'warn', icon: 'clock' },
  silenced: { word: 'silenced', tone: 'mute', icon: 'muted' },
  inhibited: { word: 'inhibited', tone: 'none', icon: 'pause' },
  muted: { word: 'muted', tone: 'mute', icon: 'muted' },
  resolved: { word: 'resolved', tone: 'ok', icon: 'check' },
};

export const SEVERITY: Record<Severity, Word> = {
  critical: { word: 'critical', tone: 'crit', icon: 'crit' },
  warning: { word: 'warning', tone: 'warn', icon: 'warn' },
  info: { word: 'info', tone: 'acc', icon: 'info' },
  other: { word: 'other', tone: 'none', icon: 'none' },
};

export const LEVEL: Record<Level, Word> = {
  ok: { word: 'on target', tone: 'ok', icon: 'check' },
  warn: { word: 'off target', tone: 'warn', icon: 'warn' },
  critical: { word: 'critical', tone: 'crit', icon: 'crit' },
  none: { word: 'no value', tone: 'none', icon: 'none' },
};

/** Whether an alert is making noise now. */
export function loud(state: AlertState): boolean {
  return state === 'firing';
}

// Alert states and severities: label, icon and tone. Every screen takes them from here.
import type { AlertState, Level, Severity } from '../contract';
import { safe } from '../format/untrusted';
import { text } from '../text/components';
import type { IconName } from './Icon.svelte';

export interface StatusLabel {
  label: string;
  tone: 'ok' | 'warn' | 'crit' | 'mute' | 'acc' | 'none';
  icon: IconName;
}

export const STATE: Record<AlertState, StatusLabel> = {
  firing: { label: 'firing', tone: 'crit', icon: 'bell' },
  pending: { label: 'pending', tone: 'warn', icon: 'clock' },
  silenced: { label: 'silenced', tone: 'mute', icon: 'muted' },
  inhibited: { label: 'inhibited', tone: 'none', icon: 'pause' },
  muted: { label: 'muted', tone: 'mute', icon: 'muted' },
  resolved: { label: 'resolved', tone: 'ok', icon: 'check' },
};

export const SEVERITY: Record<Severity, StatusLabel> = {
  critical: { label: 'critical', tone: 'crit', icon: 'crit' },
  warning: { label: 'warning', tone: 'warn', icon: 'warn' },
  info: { label: 'info', tone: 'acc', icon: 'info' },
  other: { label: 'other', tone: 'none', icon: 'none' },
};

export const LEVEL: Record<Level, StatusLabel> = {
  ok: { label: 'on target', tone: 'ok', icon: 'check' },
  warn: { label: 'off target', tone: 'warn', icon: 'warn' },
  critical: { label: 'critical', tone: 'crit', icon: 'crit' },
  none: { label: 'no value', tone: 'none', icon: 'none' },
};

/** The severity as it is shown: the label's own value. Its level is shown as color and icon. */
export function severityText(labels: Readonly<Record<string, string | undefined>>): string {
  const value = labels.severity?.trim() ?? '';
  return value === '' ? text.noSeverity : safe(value, 40);
}

/** Whether an alert is making noise now. */
export function loud(state: AlertState): boolean {
  return state === 'firing';
}

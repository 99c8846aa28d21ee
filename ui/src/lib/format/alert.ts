// What an alert is called.
import type { AlertCounts, AlertRow } from '../contract';
import { matcherText } from '../query/filter';

/** The alert's name, or its labels when it has none. */
export function alertTitle(row: Pick<AlertRow, 'name' | 'labels'>): string {
  if (row.name) return row.name;
  const labels = Object.entries(row.labels).filter(([name]) => name !== 'alertname');
  return labels.length === 0
    ? '(no labels)'
    : `{${labels.map(([name, value]) => matcherText(name, value ?? '')).join(', ')}}`;
}

/** Alerts that fire and notify nobody. */
export const suppressed = (c: Pick<AlertCounts, 'silenced' | 'inhibited' | 'muted'>): number =>
  c.silenced + c.inhibited + c.muted;

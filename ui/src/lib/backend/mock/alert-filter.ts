// What the panel does with a list of alerts: count, filter, group and tally them.
import type { AlertCounts, AlertGroup, AlertRow } from '../../contract';
import { isMatcher, matcherText, tokenize } from '../../query/filter';
import { fail } from './context';

export function countAlerts(rows: AlertRow[]): AlertCounts {
  const inState = (state: AlertRow['state']): number => rows.filter((r) => r.state === state).length;
  const firing = rows.filter((r) => r.state === 'firing');
  const ofSeverity = (severity: AlertRow['severity']): number => firing.filter((r) => r.severity === severity).length;
  const quiet = rows.filter((r) => ['silenced', 'inhibited', 'muted'].includes(r.state));
  return {
    suppressedCritical: quiet.filter((r) => r.severity === 'critical').length,
    suppressedWarning: quiet.filter((r) => r.severity === 'warning').length,
    pending: inState('pending'),
    firing: firing.length,
    silenced: inState('silenced'),
    inhibited: inState('inhibited'),
    muted: inState('muted'),
    resolved: inState('resolved'),
    critical: ofSeverity('critical'),
    warning: ofSeverity('warning'),
    other: ofSeverity('info') + ofSeverity('other'),
    vip: firing.filter((r) => r.vip).length,
    undelivered: rows.filter((r) => !r.delivered).length,
  };
}

export function matchesFilter(row: AlertRow, filter: string): boolean {
  const { tokens, open } = tokenize(filter);
  if (open) throw fail('invalid-request', 'The filter has an unterminated quote.', 'Close it or remove it.');
  return tokens.every((token) => {
    if (!isMatcher(token)) return JSON.stringify(row.labels).toLowerCase().includes(token.toLowerCase());
    const [, name, operator, quoted] = /^(\w+)(=~|!~|!=|=)(.*)$/s.exec(token) ?? [];
    const wanted = (quoted ?? '').replace(/^"|"$/g, '');
    const value = row.labels[name ?? ''] ?? '';
    const equal = operator?.includes('~') ? new RegExp(`^(?:${wanted})$`).test(value) : value === wanted;
    return operator?.startsWith('!') ? !equal : equal;
  });
}

const SEVERITIES = ['critical', 'warning', 'info', 'other'] as const;

/** Groups by these labels, outer groups first; `path` is the filter of the group around them. */
export function groupAlerts(rows: AlertRow[], labels: string[], depth = 0, path = ''): AlertGroup[] {
  const [label, ...further] = labels;
  if (label === undefined) return [];
  const byValue = new Map<string, AlertRow[]>();
  for (const row of rows) {
    const value = row.labels[label] ?? '';
    byValue.set(value, [...(byValue.get(value) ?? []), row]);
  }
  return [...byValue]
    .sort((a, b) => b[1].length - a[1].length)
    .flatMap(([value, members]) => {
      const filter = `${path} ${matcherText(label, value)}`.trim();
      const open = members.filter((r) => r.state === 'firing' || r.state === 'pending');
      return [
        {
          label,
          value: value.slice(0, 256),
          depth,
          filter,
          total: members.length,
          counts: countAlerts(members),
          worst: SEVERITIES.find((severity) => open.some((r) => r.severity === severity)) ?? 'other',
        },
        ...groupAlerts(members, further, depth + 1, filter),
      ];
    });
}

/** How often each name occurs, most frequent first. */
export function tally(names: string[]): { name: string; count: number }[] {
  const counts = new Map<string, number>();
  for (const name of names) counts.set(name, (counts.get(name) ?? 0) + 1);
  return [...counts].map(([name, count]) => ({ name, count })).sort((a, b) => b.count - a.count);
}

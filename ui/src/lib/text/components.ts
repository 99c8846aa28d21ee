// Texts of components that several screens use.
import { count, plural } from '../format/number';

export const text = {
  expression: 'Expression',
  everyAlert: 'Every alert',
  everyAlertExcept: (name: string): string => `Every alert except ${name}`,
  noSeverity: 'no severity',
  copy: { copied: 'Copied', denied: 'Copy failed' },
  error: {
    code: (code: string, source: string): string => `code ${code} · source ${source}`,
    codeLine: (code: string): string => `code: ${code}`,
    sourceLine: (source: string): string => `source: ${source}`,
  },
  escalation: {
    deadline: 'Time until escalation, from the stack’s profile',
    overdue: (length: string): string => `overdue ${length}`,
    escalatedBy: 'escalated by',
    details: (parts: string[]): string => parts.join(' · '),
    acknowledgedBy: (name: string): string => `acknowledged by ${name}`,
  },
  figure: {
    between: (low: string, high: string): string => `${low} to ${high}`,
    noSelection: 'no time selected',
    noValue: 'no value',
  },
  pager: {
    label: (items: string): string => `${items} pages`,
    range: (from: number, to: number, total: number): string => `${count(from)}–${count(to)} of ${count(total)}`,
    previous: 'Previous page',
    next: 'Next page',
  },
  alertState: {
    firesIn: (length: string): string => `fires in ${length}`,
    firesNow: 'firing now',
    silenced: (length: string): string => `silenced · ${length}`,
    notDelivered: 'not delivered',
  },
  tester: {
    testing: 'Testing…',
    changed: 'Changed since the last test',
    works: 'reachable',
    latency: (ms: number): string => `${ms} ms`,
    clock: (length: string, ahead: boolean): string => `clock ${length} ${ahead ? 'ahead' : 'behind'}`,
  },
  diff: {
    label: 'Line-by-line diff',
    added: 'added:',
    removed: 'removed:',
    more: (n: number): string => plural(n, 'more line'),
  },
  untrusted: { more: (n: number): string => `(${plural(n, 'more character')})` },
} as const;

// Texts of the checks screen.
import { count } from '../format/number';

export const text = {
  heading: 'Checks',
  suites: {
    quick: {
      title: 'Quick check',
      about: 'Servers and versions, rules, traffic guards, dashboard, metrics and recorded values. Read-only.',
      effects: '',
    },
    preprod: {
      title: 'Pre-production',
      about: 'Files, rules, traffic guards, data source, dashboard and traffic. Optionally a reload and a test alert.',
      effects: 'Reload both servers and send a labeled test alert, resolved afterwards',
    },
    'after-deploy': {
      title: 'Post-deploy',
      about: 'Version changes, new alerts, target health, and gauges compared with their values before the deploy.',
      effects: '',
    },
    sanity: {
      title: 'Sanity',
      about: 'Every guarantee of the reliability pack. Optionally a test backup and a one-minute silence.',
      effects: 'Create a test backup, deleted afterwards, and a one-minute silence that matches a test alert only',
    },
  },
  neverRun: 'never run',
  run: 'Run',
  running: 'Running',
  by: 'by',
  copyMarkdown: 'Markdown',
  copyJunit: 'JUnit',
  unavailable: 'The check results could not be loaded.',
  emptyTitle: 'No check results yet',
  empty: 'The quick check takes about a second and is read-only.',
  runQuick: 'Run quick check',
  history: 'History',
  passed: (n: number, total: number): string => `${count(n)} of ${count(total)} passed`,
  failed: (n: number): string => `${count(n)} failed`,
  warnings: (n: number): string => `${count(n)} ${n === 1 ? 'warning' : 'warnings'}`,
  skipped: (n: number): string => `${count(n)} skipped`,
  interrupted: 'interrupted',
  canceled: 'canceled',
  hasEffect: 'makes changes',
  evidence: 'Evidence',
} as const;

// Checks in words.
import type { CheckRun, CheckState, CheckSuite } from '../../lib/contract';
import type { IconName } from '../../lib/components/Icon.svelte';

export const STATE: Record<
  CheckState,
  { tone: 'ok' | 'warn' | 'crit' | 'none' | 'acc'; icon: IconName; word: string }
> = {
  waiting: { tone: 'none', icon: 'clock', word: 'waiting' },
  running: { tone: 'acc', icon: 'spin', word: 'running' },
  pass: { tone: 'ok', icon: 'check', word: 'pass' },
  warn: { tone: 'warn', icon: 'warn', word: 'warning' },
  fail: { tone: 'crit', icon: 'crit', word: 'fail' },
  skipped: { tone: 'none', icon: 'none', word: 'skipped' },
};

export const SUITE: Record<CheckSuite, { title: string; says: string; effects: string }> = {
  quick: {
    title: 'Quick check',
    says: 'Servers and versions, rules, guards, dashboard, metrics, recorded values. It only looks.',
    effects: '',
  },
  preprod: {
    title: 'Pre-production',
    says: 'Files, rules, guards, data source and dashboard, traffic; a reload and a test alert if allowed.',
    effects: 'Reload both servers and send a test alert, labelled as one and taken back',
  },
  'after-deploy': {
    title: 'After deploy',
    says: 'What changed version, no alert that is new, targets up, gauges against their values before the deploy.',
    effects: '',
  },
  sanity: {
    title: 'Sanity',
    says: 'All that the reliability pack promises; a test backup and a silence of a minute if allowed.',
    effects: 'Make a test backup, deleted afterwards, and a silence of a minute that matches a test alert only',
  },
};
export const SUITES = Object.keys(SUITE) as CheckSuite[];

/** How a run came out, in words. */
export function standing(run: CheckRun): string {
  const of = (s: CheckState): number => run.checks.filter((c) => c.state === s).length;
  return [
    `${of('pass')} of ${run.checks.length} passed`,
    of('fail') ? `${of('fail')} failed` : '',
    of('warn') ? `${of('warn')} with a warning` : '',
    of('skipped') ? `${of('skipped')} skipped` : '',
  ]
    .filter(Boolean)
    .join(', ');
}

/** What the end of a run was, when it was no usual one. */
export const ending = (run: CheckRun, running: boolean): string =>
  run.endedAt === null && !running ? 'cut off' : run.cancelled ? 'cancelled' : '';

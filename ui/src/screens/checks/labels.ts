// Labels, tones and icons of checks, and how a run ended.
import type { CheckRun, CheckState, CheckSuite } from '../../lib/contract';
import type { IconName } from '../../lib/components/Icon.svelte';
import { text } from '../../lib/text/checks';

export interface Label {
  tone: 'ok' | 'warn' | 'crit' | 'none' | 'acc';
  icon: IconName;
  label: string;
}

export const STATE: Record<CheckState, Label> = {
  waiting: { tone: 'none', icon: 'clock', label: 'waiting' },
  running: { tone: 'acc', icon: 'spin', label: 'running' },
  pass: { tone: 'ok', icon: 'check', label: 'passed' },
  warn: { tone: 'warn', icon: 'warn', label: 'warning' },
  fail: { tone: 'crit', icon: 'crit', label: 'failed' },
  skipped: { tone: 'none', icon: 'none', label: 'skipped' },
};

export const SUITE: Record<CheckSuite, { title: string; about: string; effects: string }> = text.suites;
export const SUITES = Object.keys(SUITE) as CheckSuite[];

/** "4 of 6 passed, 1 failed, 1 warning" */
export function summary(run: CheckRun): string {
  const inState = (state: CheckState): number => run.checks.filter((c) => c.state === state).length;
  return [
    text.passed(inState('pass'), run.checks.length),
    inState('fail') ? text.failed(inState('fail')) : '',
    inState('warn') ? text.warnings(inState('warn')) : '',
    inState('skipped') ? text.skipped(inState('skipped')) : '',
  ]
    .filter(Boolean)
    .join(', ');
}

/** Why a run did not reach its end; empty when it did, or still may. */
export const ending = (run: CheckRun, running: boolean): string =>
  run.endedAt === null && !running ? text.interrupted : run.cancelled ? text.canceled : '';

export function runLabel(run: CheckRun, running: boolean): Label {
  if (running) return STATE.running;
  return STATE[run.endedAt === null ? 'skipped' : run.verdict];
}

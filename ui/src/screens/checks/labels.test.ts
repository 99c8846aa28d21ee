import { expect, test } from 'vitest';
import { checkHistory, checkRun } from '../../lib/backend/mock/checks';
import { ending, runLabel, summary } from './labels';

test('summary_counts_checks_by_their_result', () => {
  expect(summary(checkRun('quick', false, 'a', 0, 'loaded'))).toBe('4 of 6 passed, 1 failed, 1 warning');
  expect(summary(checkRun('preprod', false, 'a', 0, 'calm'))).toBe('5 of 7 passed, 2 skipped');
});

test('run_without_an_end_is_running_or_was_interrupted', () => {
  const cut = checkHistory('loaded', 0).find((r) => r.endedAt === null);
  if (!cut) throw new Error('the history has no interrupted run');
  expect([ending(cut, false), ending(cut, true)]).toEqual(['interrupted', '']);
  expect([runLabel(cut, false).label, runLabel(cut, true).label]).toEqual(['skipped', 'running']);
});

import { expect, test } from 'vitest';
import { checkHistory, checkRun } from '../../lib/backend/mock/checks';
import { ending, standing } from './words';

test('a run says how many of its checks came out how', () => {
  expect(standing(checkRun('quick', false, 'a', 0, 'loaded'))).toBe('4 of 6 passed, 1 failed, 1 with a warning');
  expect(standing(checkRun('preprod', false, 'a', 0, 'calm'))).toBe('5 of 7 passed, 2 skipped');
});

test('a run without an end is going on, or was cut off', () => {
  const cut = checkHistory('loaded', 0).find((r) => r.endedAt === null);
  expect(cut && ending(cut, false)).toBe('cut off');
  expect(cut && ending(cut, true)).toBe('');
});

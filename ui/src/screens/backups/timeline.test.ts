import { expect, test } from 'vitest';
import { positionOf, timelineStart } from './timeline';

const DAY = 86_400_000;
const now = 100 * DAY;

test('timeline_covers_a_week_to_thirty_days', () => {
  const start = (ages: number[]): number =>
    (now -
      timelineStart(
        ages.map((age) => ({ madeAt: now - age * DAY })),
        now,
      )) /
    DAY;
  expect([[], [1, 2], [1, 20], [1, 400]].map(start)).toEqual([7, 7, 20, 30]);
});

test('mark_outside_the_axis_stays_at_its_edge', () => {
  expect([0, 50, 100, 200].map((at) => positionOf(at, 0, 100))).toEqual([0, 50, 100, 100]);
  expect(positionOf(5, 5, 5)).toBe(0);
});

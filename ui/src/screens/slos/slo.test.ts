import { expect, test } from 'vitest';
import { coverage, figureWidth, rangeLabel } from './slo';

test('a range is given in hours up to two days', () => {
  expect([24, 47, 48, 720].map(rangeLabel)).toEqual(['24 h', '47 h', '2 d', '30 d']);
});
test('data that does not reach over the range is mentioned', () => {
  const range = { hours: 100, guardedS: 3600 };
  const full = coverage({ ...range, reachesS: 90 * 3600 });
  expect(coverage({ ...range, reachesS: 0 })).toBe(full);
  expect(coverage({ ...range, reachesS: 89 * 3600 })).toMatch(new RegExp(`^${full}, .*3 d 17 h`));
});
test('figure_of_a_service_level_is_drawn_as_wide_as_it_is_shown_and_never_too_narrow_for_its_labels', () => {
  expect([500, 736, 1060, 1500].map(figureWidth)).toEqual([220, 250, 360, 480]);
});

import { expect, test } from 'vitest';
import type { RelatedText } from '../../lib/contract';
import { isEditable, place, sameText } from './related';

const annotation: RelatedText = {
  place: { kind: 'annotation', group: 'g', rule: 'Low', name: 'summary' },
  before: 'above 30',
  after: 'above 36',
};
const runbook = (file: string): RelatedText => ({
  place: { kind: 'runbook', page: 'Low', file, line: 3 },
  before: 'above 30',
  after: 'above 36',
});

test('a_page_that_comes_with_the_panel_can_not_be_changed', () => {
  expect([annotation, runbook('/r/Low.md'), runbook('')].map(isEditable)).toEqual([true, true, false]);
  expect([annotation, runbook('/r/Low.md'), runbook('')].map(place)).toEqual([
    'Annotation summary',
    'Runbook /r/Low.md, line 3',
    'Runbook Low, line 3',
  ]);
});

test('a_text_stays_chosen_when_the_new_value_differs', () => {
  expect(sameText(annotation, { ...annotation, after: 'above 40' })).toBe(true);
  expect(sameText(annotation, { ...annotation, before: 'above 40' })).toBe(false);
  expect(sameText(runbook('/r/Low.md'), runbook('/r/Other.md'))).toBe(false);
});

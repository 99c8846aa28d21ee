import { expect, test } from 'vitest';
import type { RelatedText } from '../../lib/contract';
import { place, sameText } from './related';

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

test('a_text_is_known_by_its_place_and_what_it_says', () => {
  expect([annotation, runbook('/r/Low.md')].map(place)).toEqual(['Annotation summary', 'Runbook /r/Low.md, line 3']);
  expect(sameText(annotation, { ...annotation })).toBe(true);
  expect(sameText(annotation, { ...annotation, before: 'above 40' })).toBe(false);
  expect(sameText(runbook('/r/Low.md'), runbook('/r/Other.md'))).toBe(false);
});

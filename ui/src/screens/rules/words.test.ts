import { expect, test } from 'vitest';
import { rulesReport } from '../../lib/backend/mock/rules';
import { edits, fitting, holdText, odd, share } from './words';

const report = rulesReport('loaded', 1_795_507_200_000);

test('a search looks at names, groups, expressions and labels, and leaves empty groups out', () => {
  expect(fitting(report, 'all', 'cost').map((g) => g.name)).toEqual(['aether-cost']);
  expect(fitting(report, 'alerting', 'severity-that-is-none')).toEqual([]);
  expect(
    fitting(report, 'alerting', 'critical')
      .flatMap((g) => g.rules)
      .every((r) => r.labels.severity === 'critical'),
  ).toBe(true);
});

test('only what deserves a look is shown as such', () => {
  const found = fitting(report, 'findings', '').flatMap((g) => g.rules);
  expect(found.length).toBeGreaterThan(0);
  expect(found.every(odd)).toBe(true);
});

test('the share of the interval is unknown without an evaluation or an interval', () => {
  expect(share(null, 15)).toBeNull();
  expect(share(150, 0)).toBeNull();
  expect(share(1500, 15)).toBeCloseTo(0.1);
});

test('only what was changed in the form is asked for, in the words of a rule file', () => {
  const rule = fitting(report, 'alerting', 'LowConfidenceSpikeVIP').flatMap((g) => g.rules)[0];
  if (!rule) throw new Error('no such rule');
  const start = { threshold: '40', hold: holdText(rule.holdS), severity: 'critical' };
  expect(start.hold).toBe('10m');
  expect(holdText(5400)).toBe('1h30m');
  expect(edits(rule, start, start, null)).toEqual([]);
  expect(edits(rule, start, { threshold: '45', hold: '8m', severity: 'critical' }, null).map((e) => e.set)).toEqual([
    { kind: 'threshold', value: 45 },
    { kind: 'for', value: '8m' },
  ]);
  expect(edits(rule, start, { ...start, threshold: 'many' }, null)).toEqual([]);
  expect(edits(rule, start, { ...start, threshold: '45' }, 'x > 1').map((e) => e.set)).toEqual([
    { kind: 'expr', value: 'x > 1' },
  ]);
});

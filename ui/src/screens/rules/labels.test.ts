import { expect, test } from 'vitest';
import { rulesReport } from '../../lib/backend/mock/rules';
import { edits, filterGroups, meantThresholds, promDuration, needsAttention, share } from './labels';

const report = rulesReport('loaded', 1_795_507_200_000);

test('search_covers_names_groups_expressions_and_labels_and_omits_empty_groups', () => {
  expect(filterGroups(report, 'all', 'cost').map((g) => g.name)).toEqual(['aether-cost']);
  expect(filterGroups(report, 'alerting', 'severity-that-is-none')).toEqual([]);
  expect(
    filterGroups(report, 'alerting', 'critical')
      .flatMap((g) => g.rules)
      .every((r) => r.labels.severity === 'critical'),
  ).toBe(true);
});

test('attention_filter_shows_only_rules_that_need_attention', () => {
  const shown = filterGroups(report, 'findings', '').flatMap((g) => g.rules);
  expect(shown.length).toBeGreaterThan(0);
  expect(shown.every(needsAttention)).toBe(true);
});

test('share_of_interval_is_unknown_without_evaluation_or_interval', () => {
  expect(share(null, 15)).toBeNull();
  expect(share(150, 0)).toBeNull();
  expect(share(1500, 15)).toBeCloseTo(0.1);
});

test('form_produces_edits_for_changed_fields_only', () => {
  const rule = filterGroups(report, 'alerting', 'LowConfidenceSpikeVIP').flatMap((g) => g.rules)[0];
  if (!rule) throw new Error('no such rule');
  const start = { threshold: '40', of: null, hold: promDuration(rule.holdS), severity: 'critical' };
  expect(start.hold).toBe('10m');
  expect(promDuration(5400)).toBe('1h30m');
  expect(edits(rule, start, start, null)).toEqual([]);
  expect(edits(rule, start, { ...start, threshold: '45', hold: '8m' }, null).map((e) => e.set)).toEqual([
    { kind: 'threshold', value: 45, of: null },
    { kind: 'for', value: '8m' },
  ]);
  expect(edits(rule, start, { ...start, threshold: 'many' }, null)).toEqual([]);
  expect(edits(rule, start, { ...start, threshold: '45' }, 'x > 1').map((e) => e.set)).toEqual([
    { kind: 'expr', value: 'x > 1' },
  ]);
});

test('threshold_of_several_comparisons_is_edited_only_once_one_was_chosen', () => {
  const rule = filterGroups(report, 'alerting', 'LowConfidenceSpikeVIP').flatMap((g) => g.rules)[0];
  if (!rule) throw new Error('no such rule');
  const several = [
    { text: 'job_failed == 0', value: 0, guard: false },
    { text: 'age_seconds > 600', value: 600, guard: false },
    { text: 'sum(rate(jobs_total[5m])) > 0', value: 0, guard: true },
  ];
  expect(meantThresholds(several).map((one) => one.text)).toEqual(['job_failed == 0', 'age_seconds > 600']);
  expect(meantThresholds(several.slice(2))).toHaveLength(1);
  const start = { threshold: '', of: '', hold: '0', severity: '' };
  expect(edits(rule, start, { ...start, threshold: '900' }, null)).toEqual([]);
  expect(edits(rule, start, { ...start, threshold: '900', of: 'age_seconds > 600' }, null).map((e) => e.set)).toEqual([
    { kind: 'threshold', value: 900, of: 'age_seconds > 600' },
  ]);
});

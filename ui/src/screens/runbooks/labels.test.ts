import { expect, test } from 'vitest';
import type { RunbookStepResult } from '../../lib/contract';
import { pageOf } from '../../lib/format/address';
import { effectsFirst, summary } from './labels';

test('only_a_plain_link_to_a_page_opens_a_page', () => {
  expect(pageOf('NoRecentTraffic.md')).toBe('NoRecentTraffic');
  expect(pageOf('runbooks/triage.md#diagnosis')).toBe('triage');
  expect(pageOf('../ON_CALL_RUNBOOK.md')).toBe('ON_CALL_RUNBOOK');
  for (const href of [
    'https://x.example/a.md',
    'javascript:a.md',
    'a.txt',
    '',
    '//evil/a.md?x',
    'file:///a.md',
    'a b.md',
  ])
    expect(pageOf(href)).toBeNull();
});

test('summary_lists_failed_steps_first_and_never_counts_steps_not_run_as_passed', () => {
  const step = (verdict: RunbookStepResult['verdict']): RunbookStepResult => ({
    number: 1,
    title: '',
    query: '',
    expect: '',
    verdict,
    value: null,
    reason: '',
    problem: '',
    at: null,
    tookMs: null,
    figure: null,
  });
  expect(summary([step('pass'), step('fail'), step('unknown'), step('waiting')])).toBe(
    '1 failed, 1 unknown, 1 not run, 1 of 4 passed',
  );
  expect(summary([])).toBe('no steps');
});

test('actions_with_an_effect_come_before_links', () => {
  const kinds = effectsFirst([
    { kind: 'overview', matchers: '' },
    { kind: 'silence', matchers: 'a="b"' },
    { kind: 'checks', matchers: '' },
  ]).map((a) => a.kind);
  expect(kinds).toEqual(['silence', 'overview', 'checks']);
});

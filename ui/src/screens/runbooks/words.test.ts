import { expect, test } from 'vitest';
import type { RunbookStepResult } from '../../lib/contract';
import { pageOf } from '../../lib/format/address';
import { inOrder, standing } from './words';

test('only a plain link to a page opens a page', () => {
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

test('what is red is said first, and what was not asked is not called green', () => {
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
  expect(standing([step('pass'), step('fail'), step('unknown'), step('waiting')])).toBe(
    '1 red, 1 unknown, 1 not asked, 1 of 4 as expected',
  );
  expect(standing([])).toBe('no steps');
});

test('what acts stands before what leads elsewhere', () => {
  const kinds = inOrder([
    { kind: 'overview', matchers: '' },
    { kind: 'silence', matchers: 'a="b"' },
    { kind: 'checks', matchers: '' },
  ]).map((a) => a.kind);
  expect(kinds).toEqual(['silence', 'overview', 'checks']);
});

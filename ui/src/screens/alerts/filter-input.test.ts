import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { FilterInput } from './filter-input.svelte';
import type { Suggestion } from './suggest.svelte';

const suggestion = (text: string, whole: boolean): Suggestion => ({ text, label: text, count: 1, whole });

describe('the filter box', () => {
  const reports: string[] = [];
  let input: FilterInput;
  beforeEach(() => {
    vi.useFakeTimers();
    reports.length = 0;
    input = new FilterInput((filter) => reports.push(filter));
  });
  afterEach(() => {
    vi.useRealTimers();
  });
  const type = (draft: string): void => {
    input.draft = draft;
    input.typed();
  };

  test('a blank or comma finishes a token, but not inside quotes', () => {
    type('severity="critical" ');
    expect([input.tokens, input.draft]).toEqual([['severity="critical"'], '']);
    type('summary="cache ');
    expect([input.tokens, input.draft]).toEqual([['severity="critical"'], 'summary="cache ']);
    expect(input.key('Enter')).toBe('handled');
    expect(input.draft).toBe('summary="cache ');
  });
  test('typing is reported once after a pause, Enter immediately', () => {
    type('a');
    type('ab');
    vi.advanceTimersByTime(249);
    expect(reports).toEqual([]);
    vi.advanceTimersByTime(1);
    expect(reports).toEqual(['ab']);
    type('abc');
    input.key('Enter');
    vi.advanceTimersByTime(0);
    expect(reports).toEqual(['ab', 'abc']);
    expect([input.tokens, input.draft]).toEqual([['abc'], '']);
    vi.runAllTimers();
    expect(reports).toHaveLength(2);
  });
  test('its own report coming back keeps the draft, a change from outside replaces it and cancels the report', () => {
    type('ab');
    vi.advanceTimersByTime(250);
    input.take('ab');
    expect([input.tokens, input.draft]).toEqual([[], 'ab']);
    type('abc');
    input.take('tenant_id="acme" cache');
    expect([input.tokens, input.draft]).toEqual([['tenant_id="acme"', 'cache'], '']);
    vi.runAllTimers();
    expect(reports).toEqual(['ab']);
  });
  test('Backspace in an empty draft takes the last token back', () => {
    input.take('a b');
    expect(input.key('Backspace')).toBe('handled');
    expect([input.tokens, input.draft]).toEqual([['a'], 'b']);
    expect(input.key('Backspace')).toBeNull();
  });
  test('Escape closes suggestions first, then clears, and only then reaches an enclosing dialog', () => {
    input.take('a');
    input.suggestions.list = [suggestion('severity=', false)];
    expect(input.key('Escape')).toBe('stopped');
    expect([input.suggestions.list, input.tokens]).toEqual([[], ['a']]);
    expect(input.key('Escape')).toBe('stopped');
    expect(input.empty).toBe(true);
    expect(input.key('Escape')).toBeNull();
    vi.advanceTimersByTime(0);
    expect(reports).toEqual(['']);
  });
  test('the marked suggestion is accepted by Tab: a label name continues the draft, a matcher becomes a token', () => {
    input.suggestions.list = [suggestion('severity=', false)];
    input.key('ArrowDown');
    expect(input.key('Tab')).toBe('handled');
    expect([input.tokens, input.draft]).toEqual([[], 'severity=']);
    input.suggestions.close();
    input.suggestions.list = [suggestion('severity="critical"', true)];
    expect(input.key('Tab')).toBeNull();
    input.key('ArrowUp');
    input.key('Tab');
    expect([input.tokens, input.draft]).toEqual([['severity="critical"'], '']);
  });
  test('a removed token is reported immediately', () => {
    input.take('a b c');
    input.remove(1);
    vi.advanceTimersByTime(0);
    expect(reports).toEqual(['a c']);
  });
});

import { describe, expect, test } from 'vitest';
import type { AlertCounts, PanelError } from '../../lib/contract';
import { activeCount, listContent, viewOptions, type ListState } from './list-content';

const COUNTS: AlertCounts = {
  firing: 5,
  pending: 2,
  silenced: 3,
  inhibited: 1,
  muted: 4,
  resolved: 7,
  undelivered: 0,
} as AlertCounts;
const ERROR = { code: 'connect' } as unknown as PanelError;
const content = (more: Partial<ListState>): string =>
  listContent({
    total: 0,
    loading: false,
    failed: false,
    grouped: false,
    narrowed: false,
    invalidFilter: false,
    active: 0,
    age: { kind: 'fresh', at: 1 },
    ...more,
  });

describe('counts of the state switch', () => {
  test('resolved alerts are not active, and muted ones count as silenced', () => {
    expect(activeCount(COUNTS)).toBe(15);
    expect(viewOptions(COUNTS).map((v) => [v.value, v.count])).toEqual([
      ['active', 15],
      ['firing', 5],
      ['pending', 2],
      ['silenced', 7],
      ['inhibited', 1],
      ['resolved', 7],
    ]);
  });
  test('no counts are shown before the first reply', () => {
    expect(viewOptions(null).every((v) => v.count === undefined)).toBe(true);
  });
});

describe('content of the alert list', () => {
  test('rows stay on screen whatever the last request or poll returned', () => {
    expect(content({ total: 3, failed: true })).toBe('table');
    expect(content({ total: 3, age: { kind: 'never', error: ERROR } })).toBe('table');
    expect(content({ total: 3, grouped: true })).toBe('groups');
  });
  test('a failed request is shown only when there is nothing else', () => {
    expect(content({ failed: true })).toBe('failed');
    expect(content({ failed: true, loading: true })).toBe('failed');
  });
  test('an empty list distinguishes why it is empty', () => {
    expect(content({ loading: true })).toBe('table');
    expect(content({ age: { kind: 'never', error: ERROR } })).toBe('never');
    expect(content({ age: { kind: 'absent' } })).toBe('absent');
    expect(content({ age: { kind: 'loading' } })).toBe('loading');
    expect(content({})).toBe('none');
    expect(content({ age: { kind: 'stale', at: 1, error: null } })).toBe('none');
  });
  test('the filter is blamed only when alerts are hidden by it or it is invalid', () => {
    expect(content({ narrowed: true, active: 4 })).toBe('filtered');
    expect(content({ narrowed: true, invalidFilter: true })).toBe('filtered');
    expect(content({ narrowed: true })).toBe('none');
    expect(content({ active: 4 })).toBe('none');
  });
});

import { describe, expect, test } from 'vitest';
import type { MaintenanceWindow } from '../../lib/contract';
import { clockSkew, endsSoon, progress, splitWindows, windowActions } from './windows';

const NOW = 1_000_000_000;
const MINUTE = 60_000;
const made = (more: Partial<MaintenanceWindow> = {}): MaintenanceWindow =>
  ({
    id: 'w',
    phase: 'verified',
    startsAt: NOW - 10 * MINUTE,
    endsAt: NOW + 20 * MINUTE,
    silenceId: 's',
    members: [],
    clockOffsetMs: null,
    ...more,
  }) as MaintenanceWindow;

test('windows that start later are listed apart, and ended ones not at all', () => {
  const windows = [
    made({ id: 'now' }),
    made({ id: 'later', phase: 'scheduled', startsAt: NOW + MINUTE }),
    made({ id: 'starting', phase: 'scheduled', startsAt: NOW }),
    made({ id: 'lost', phase: 'lost', startsAt: NOW + MINUTE }),
    made({ id: 'over', phase: 'ended' }),
  ];
  const { current, scheduled } = splitWindows(windows, NOW);
  expect(current.map((w) => w.id)).toEqual(['now', 'starting', 'lost']);
  expect(scheduled.map((w) => w.id)).toEqual(['later']);
});

test('progress stays between the start and the end', () => {
  expect(progress(made(), NOW)).toBeCloseTo(1 / 3);
  expect(progress(made({ startsAt: NOW + MINUTE }), NOW)).toBe(0);
  expect(progress(made({ endsAt: NOW - MINUTE }), NOW)).toBe(1);
  expect(progress(made({ startsAt: NOW, endsAt: NOW }), NOW)).toBe(0);
});

test('the countdown is highlighted for the last five minutes', () => {
  expect(endsSoon(made({ endsAt: NOW + 5 * MINUTE }), NOW)).toBe(false);
  expect(endsSoon(made({ endsAt: NOW + 5 * MINUTE - 1 }), NOW)).toBe(true);
});

test('a clock that is off by more than a second is mentioned', () => {
  expect(clockSkew(made({ clockOffsetMs: -1500 }))).toBe(-1.5);
  expect(clockSkew(made({ clockOffsetMs: 1000 }))).toBeNull();
  expect(clockSkew(made())).toBeNull();
});

describe('what can be done with a window', () => {
  test('shortening needs a quarter of an hour and two minutes beyond', () => {
    expect(windowActions(made({ endsAt: NOW + 17 * MINUTE + 1 }), NOW).shorten).toBe(true);
    expect(windowActions(made({ endsAt: NOW + 17 * MINUTE }), NOW).shorten).toBe(false);
  });
  test('a lost window can only be recreated or ended', () => {
    expect(windowActions(made({ phase: 'lost' }), NOW)).toMatchObject({
      recreate: true,
      shorten: false,
      extend: false,
    });
  });
  test('a partial window is recreated on members that answer and miss it', () => {
    const member = (state: string | null, error: string): MaintenanceWindow['members'][number] =>
      ({ state, error }) as MaintenanceWindow['members'][number];
    const partial = (state: string | null, error: string): MaintenanceWindow =>
      made({ phase: 'partial', members: [member('active', ''), member(state, error)] });
    expect(windowActions(partial(null, ''), NOW).recreate).toBe(true);
    expect(windowActions(partial(null, 'connection refused'), NOW).recreate).toBe(false);
  });
  test('a window that has not started has no report, and one without its silence cannot be changed', () => {
    expect(windowActions(made({ startsAt: NOW + 1 }), NOW).report).toBe(false);
    expect(windowActions(made({ silenceId: '' }), NOW).changeable).toBe(false);
  });
});

import { describe, expect, it } from 'vitest';
import { brief, clock, human, planned } from './duration';
import { bare, parts, plural, threshold, withUnit } from './number';
import { fromLocalInput, local, timeOfDay, toLocalInput, utc } from './time';
import { clip, safe, spell } from './untrusted';

describe('durations', () => {
  it.each([
    [0, '0 s'],
    [999, '0 s'],
    [48_000, '48 s'],
    [60_000, '1 min'],
    [252_000, '4 min 12 s'],
    [600_000, '10 min'],
    [2_460_500, '41 min'],
    [3_600_000, '1 h'],
    [11_100_000, '3 h 5 min'],
    [86_400_000, '1 d'],
    [187_200_000, '2 d 4 h'],
    [-5, '0 s'],
    [Number.NaN, '0 s'],
    [Infinity, '0 s'],
  ])('%d ms reads as %s', (ms, text) => expect(human(ms)).toBe(text));

  it.each([
    [47_999, '47 s'],
    [252_000, '4 min'],
    [11_100_000, '3 h'],
    [187_200_000, '2 d'],
  ])('%d ms is briefly %s', (ms, text) => expect(brief(ms)).toBe(text));

  it.each([
    [0, '0:00'],
    [-1000, '0:00'],
    [59_999, '0:59'],
    [1_450_000, '24:10'],
    [3_850_000, '1:04:10'],
    [2 * 86_400_000 + 3 * 3_600_000, '2 d 03:00:00'],
    [Number.NaN, '0:00'],
  ])('%d ms counts down as %s', (ms, text) => expect(clock(ms)).toBe(text));

  it.each([
    [1800, '30 min'],
    [7200, '2 h'],
    [5400, '1 h 30 min'],
    [86_400, '1 d'],
    [30, '30 s'],
    [0, '0 min'],
  ])('%d s is planned as %s', (s, text) => expect(planned(s)).toBe(text));
});

describe('numbers', () => {
  it('always carry their unit', () => {
    expect(withUnit(38.44, 'percent')).toBe('38.4 %');
    expect(withUnit(61.2, 'usd')).toBe('$61.20');
    expect(withUnit(57, 'score')).toBe('57/100');
    expect(withUnit(57.25, 'score')).toBe('57.3/100');
    expect(withUnit(4.2, 'answers/s')).toBe('4.20 answers/s');
  });
  // The same table as in `crates/foundation/src/units.rs`.
  it.each([
    [100, 'percent', '100.0 %'],
    [99.97, 'percent', '> 99.9 %'],
    [99.94, 'percent', '99.9 %'],
    [9.46, 'percent', '9.5 %'],
    [0.01, 'percent', '< 0.1 %'],
    [0, 'percent', '0.0 %'],
    [57, 'score', '57/100'],
    [57.25, 'score', '57.3/100'],
    [61.2, 'usd', '$61.20'],
    [12345.6, 'usd', '$12,346'],
    [4.2, 'answers/s', '4.20 answers/s'],
    [41.25, 'ms', '41.3 ms'],
    [1_234_567, 'ms', '1.235M ms'],
    [0.000012, 's', '1.2e-5 s'],
  ])('%d in %s has the same digits everywhere: %s', (value, unit, text) => expect(withUnit(value, unit)).toBe(text));
  it('show a dash, not a zero, when missing', () => {
    expect(withUnit(null, 'percent')).toBe('–');
    expect(withUnit(Number.NaN, 'percent')).toBe('–');
    expect(withUnit(Infinity, 'usd')).toBe('+∞');
  });
  it('never show a negative zero', () => expect(withUnit(-0.01, 'percent')).toBe('0.0 %'));
  it('are abbreviated when large', () => {
    for (const v of [1e300, -1e300, 123456789.12, 987654321, 1e-9, 999999.4, 1e6, 12345]) {
      for (const unit of ['percent', 'usd', 'score', 'ms']) {
        const p = parts(v, unit);
        expect((p.prefix + p.number).length).toBeLessThanOrEqual(11);
      }
      expect(bare(v).length).toBeLessThanOrEqual(11);
    }
  });
  it('keep every digit of a threshold', () => {
    expect(threshold(50, 'percent')).toBe('50 %');
    expect(threshold(0.25, 'ratio')).toBe('0.25 ratio');
    expect(threshold(200, 'usd')).toBe('$200');
  });
  it('use the singular for one only', () =>
    expect([plural(1, 'alert'), plural(7, 'alert'), plural(1200, 'alert')]).toEqual([
      '1 alert',
      '7 alerts',
      '1,200 alerts',
    ]));
});

describe('instants', () => {
  const noon = new Date(2026, 10, 24, 12, 5, 9).getTime();
  it('include the date only when it is not today', () => {
    expect(local(noon, noon)).toBe('12:05');
    expect(local(noon, noon, true)).toBe('12:05:09');
    expect(local(noon - 86_400_000, noon)).toMatch(/23.*12:05/);
    expect(local(new Date(2024, 0, 2).getTime(), noon)).toContain('2024');
  });
  it('are UTC on hover', () => expect(utc(Date.UTC(2026, 10, 24, 12, 5, 9))).toBe('2026-11-24 12:05:09 UTC'));
  it('show a dash when invalid', () => {
    expect(timeOfDay(Number.NaN)).toBe('–');
    expect(local(1e300, noon)).toBe('–');
    expect(utc(Infinity)).toBe('');
  });
  it('are unchanged after a round trip through an input', () => {
    const text = toLocalInput(noon);
    expect(text).toBe('2026-11-24T12:05');
    expect(fromLocalInput(text)).toBe(noon - 9000);
    expect(fromLocalInput('tomorrow')).toBeNull();
    expect(fromLocalInput('2026-99-99T99:99')).toBeNull();
  });
});

describe('text from servers', () => {
  it('spells out direction overrides', () => expect(spell('a\u202Eb')).toBe('a⟨U+202E⟩b'));
  it('spells out control and zero-width characters, but not tabs and line breaks', () =>
    expect(spell('a\u0000\u200b\n\tb\u{e0041}')).toBe('a⟨U+0000⟩⟨U+200B⟩\n\tb⟨U+E0041⟩'));
  it('keeps any script and emoji', () => expect(spell('مرحبا 🚀 žluť')).toBe('مرحبا 🚀 žluť'));
  it('is truncated, never inside a surrogate pair', () => {
    expect(clip('🚀🚀', 3)).toEqual({ text: '🚀', more: 2 });
    expect(safe('x'.repeat(1_000_000), 10)).toBe(`${'x'.repeat(10)}…`);
  });
});

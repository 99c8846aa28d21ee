import { describe, expect, test } from 'vitest';
import type { MaintenancePreset } from '../../lib/contract';
import { canSavePreset, lengthOptions, presetOf, type PresetSource } from './presets';

const form = (more: Partial<PresetSource> = {}): PresetSource => ({
  reason: ' Rolling deploy ',
  seconds: 1800,
  scope: 'all',
  matchers: 'job="api"',
  lengthProblem: '',
  scopeProblem: '',
  ...more,
});
const preset = (name: string): MaintenancePreset => ({ name, minutes: 30, reason: name, matchers: '' });

test('durations beyond the longest that is allowed are not offered', () => {
  expect(lengthOptions(3600).map((l) => l.value)).toEqual([15, 30, 60, 'minutes', 'until']);
  expect(lengthOptions(28_800)).toHaveLength(6);
});

describe('a preset', () => {
  test('keeps reason, duration and matchers, the latter only when they are the scope', () => {
    expect(presetOf(form())).toEqual({ name: 'Rolling deploy', minutes: 30, reason: 'Rolling deploy', matchers: '' });
    expect(presetOf(form({ scope: 'some' })).matchers).toBe('job="api"');
  });
  test('has a short name and lasts at least a minute', () => {
    expect(presetOf(form({ reason: 'x'.repeat(200) })).name).toHaveLength(60);
    expect(presetOf(form({ seconds: 20 })).minutes).toBe(1);
  });
  test('is offered for a complete form only', () => {
    expect(canSavePreset(form(), [])).toBe(true);
    expect(canSavePreset(form({ reason: ' ' }), [])).toBe(false);
    expect(canSavePreset(form({ lengthProblem: 'Too long.' }), [])).toBe(false);
    expect(canSavePreset(form({ scopeProblem: 'Enter a matcher.' }), [])).toBe(false);
  });
  test('is not offered twice under one name, nor beyond twenty', () => {
    expect(canSavePreset(form(), [preset('rolling DEPLOY')])).toBe(false);
    expect(
      canSavePreset(
        form(),
        Array.from({ length: 20 }, (_, i) => preset(`p${i}`)),
      ),
    ).toBe(false);
  });
});

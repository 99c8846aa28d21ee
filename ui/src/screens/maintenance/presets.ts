// Presets of the form that starts a window.
import type { MaintenancePreset } from '../../lib/contract';
import type { Length } from './form.svelte';
import { text } from '../../lib/text/maintenance';

const PRESETS_MOST = 20;
const NAME_MOST = 60;

const LENGTHS: { value: Length; label: string }[] = [
  { value: 15, label: '15 min' },
  { value: 30, label: '30 min' },
  { value: 60, label: '60 min' },
  { value: 120, label: '2 h' },
  { value: 'minutes', label: text.form.customMinutes },
  { value: 'until', label: text.form.untilTime },
];

/** Durations to choose from, no longer than the longest that is allowed (in seconds). */
export function lengthOptions(capS: number): { value: Length; label: string }[] {
  return LENGTHS.filter(({ value }) => typeof value !== 'number' || value * 60 <= capS);
}

/** The part of the form that a preset keeps. */
export interface PresetSource {
  reason: string;
  seconds: number;
  scope: 'all' | 'some';
  matchers: string;
  lengthProblem: string;
  scopeProblem: string;
}

export function presetOf(form: PresetSource): MaintenancePreset {
  const reason = form.reason.trim();
  return {
    name: reason.slice(0, NAME_MOST),
    minutes: Math.max(1, Math.round(form.seconds / 60)),
    reason,
    matchers: form.scope === 'all' ? '' : form.matchers.trim(),
  };
}

/** Whether the form can become a preset: complete, with a name that no other preset has, and room for it. */
export function canSavePreset(form: PresetSource, presets: readonly MaintenancePreset[]): boolean {
  if (form.reason.trim() === '' || form.lengthProblem || form.scopeProblem) return false;
  const name = presetOf(form).name.toLowerCase();
  return presets.length < PRESETS_MOST && !presets.some((p) => p.name.toLowerCase() === name);
}

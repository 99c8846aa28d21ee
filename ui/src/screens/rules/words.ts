// Rules in words.
import type { FindingSeverity, GuardVerdict, RuleGroupView, RuleStanding, RuleView, RulesReport } from '../../lib/contract';
import type { IconName } from '../../lib/components/Icon.svelte';

export interface Look {
  tone: 'ok' | 'warn' | 'crit' | 'mute' | 'acc' | 'none';
  icon: IconName;
  word: string;
}

export const GUARD: Record<GuardVerdict, Look> = {
  guarded: { tone: 'ok', icon: 'check', word: 'guarded' },
  'never-matches': { tone: 'crit', icon: 'crit', word: 'can never match' },
  'other-window': { tone: 'warn', icon: 'warn', word: 'other window' },
  unguarded: { tone: 'none', icon: 'none', word: 'unguarded' },
  unclear: { tone: 'none', icon: 'info', word: 'unclear' },
};
export const STANDING: Record<RuleStanding, Look> = {
  present: { tone: 'ok', icon: 'check', word: 'as in the pack' },
  'name-only': { tone: 'none', icon: 'info', word: 'name only' },
  differs: { tone: 'warn', icon: 'warn', word: 'differs' },
  unexpected: { tone: 'none', icon: 'plus', word: 'unexpected' },
};
export const SEVERITY: Record<FindingSeverity, Look> = {
  error: { tone: 'crit', icon: 'crit', word: 'error' },
  warning: { tone: 'warn', icon: 'warn', word: 'warning' },
  info: { tone: 'none', icon: 'info', word: 'worth knowing' },
};
export function health(rule: RuleView): Look {
  if (rule.health === 'ok') return { tone: 'ok', icon: 'check', word: 'ok' };
  if (rule.health === 'err') return { tone: 'crit', icon: 'crit', word: 'error' };
  return { tone: 'none', icon: 'clock', word: 'not evaluated yet' };
}

export type Show = 'all' | 'findings' | 'alerting' | 'recording';

/** A name for the list, for the address and for keys. */
export const key = (rule: RuleView): string => `${rule.id.file}\u0000${rule.id.group}\u0000${rule.id.index}`;

/** Whether something about a rule deserves a look. */
export const odd = (rule: RuleView): boolean => rule.health === 'err' || rule.standing === 'differs' || rule.findings.some((f) => f.severity !== 'info');

/** The groups with the rules that fit; groups without any are left out. */
export function fitting(report: RulesReport, show: Show, search: string): RuleGroupView[] {
  const words = search.toLowerCase().split(/\s+/).filter(Boolean);
  const fits = (g: RuleGroupView, r: RuleView): boolean =>
    (show === 'all' || (show === 'findings' ? odd(r) : r.kind === show)) &&
    words.every((w) => `${r.id.name} ${g.name} ${g.file} ${r.expression} ${Object.values(r.labels).join(' ')}`.toLowerCase().includes(w));
  return report.groups.map((g) => ({ ...g, rules: g.rules.filter((r) => fits(g, r)) })).filter((g) => g.rules.length > 0);
}

/** Share of the interval that an evaluation took, 0 to 1 and more; null when it is not known. */
export const share = (ms: number | null, intervalS: number): number | null => (ms === null || intervalS <= 0 ? null : ms / 1000 / intervalS);

/** The last part of a path. */
export const fileName = (path: string): string => path.split(/[\\/]/).at(-1) || path;

// Rules in words.
import type {
  FindingSeverity,
  GuardVerdict,
  RuleEdit,
  RuleGroupView,
  RuleLinkState,
  RuleDeployment,
  RuleView,
  RulesReport,
} from '../../lib/contract';
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
export const STANDING: Record<RuleDeployment, Look> = {
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
export const LINK: Record<RuleLinkState, Look> = {
  dead: { tone: 'crit', icon: 'crit', word: 'dead' },
  unreachable: { tone: 'warn', icon: 'warn', word: 'no answer' },
  closed: { tone: 'none', icon: 'key', word: 'asks for a login' },
  'not-asked': { tone: 'none', icon: 'none', word: 'not asked' },
  alive: { tone: 'ok', icon: 'check', word: 'alive' },
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
export const odd = (rule: RuleView): boolean =>
  rule.health === 'err' || rule.standing === 'differs' || rule.findings.some((f) => f.severity !== 'info');

/** The groups with the rules that fit; groups without any are left out. */
export function fitting(report: RulesReport, show: Show, search: string): RuleGroupView[] {
  const words = search.toLowerCase().split(/\s+/).filter(Boolean);
  const fits = (g: RuleGroupView, r: RuleView): boolean =>
    (show === 'all' || (show === 'findings' ? odd(r) : r.kind === show)) &&
    words.every((w) =>
      `${r.id.name} ${g.name} ${g.file} ${r.expression} ${Object.values(r.labels).join(' ')}`.toLowerCase().includes(w),
    );
  return report.groups
    .map((g) => ({ ...g, rules: g.rules.filter((r) => fits(g, r)) }))
    .filter((g) => g.rules.length > 0);
}

/** Share of the interval that an evaluation took, 0 to 1 and more; null when it is not known. */
export const share = (ms: number | null, intervalS: number): number | null =>
  ms === null || intervalS <= 0 ? null : ms / 1000 / intervalS;

/** The last part of a path. */
export const fileName = (path: string): string => path.split(/[\\/]/).at(-1) || path;

/** A time as a rule file writes it: `10m`, `1h30m`, `0`. */
export function holdText(seconds: number): string {
  if (seconds <= 0) return '0';
  let left = Math.round(seconds);
  let text = '';
  for (const [unit, size] of [
    ['d', 86_400],
    ['h', 3600],
    ['m', 60],
    ['s', 1],
  ] as const) {
    const n = Math.floor(left / size);
    if (n > 0) text += `${n}${unit}`;
    left -= n * size;
  }
  return text;
}

interface Form {
  threshold: string;
  hold: string;
  severity: string;
}

/** What a form asks to be changed: only what is other than at the start. */
export function edits(rule: RuleView, start: Form, now: Form, rewrite: string | null): RuleEdit[] {
  const list: RuleEdit[] = [];
  const add = (set: RuleEdit['set']): void => void list.push({ group: rule.id.group, name: rule.id.name, set });
  if (rewrite !== null) add({ kind: 'expr', value: rewrite });
  const number = Number(now.threshold);
  if (
    rewrite === null &&
    now.threshold.trim() !== '' &&
    now.threshold.trim() !== start.threshold &&
    Number.isFinite(number)
  )
    add({ kind: 'threshold', value: number });
  if (now.hold.trim() !== '' && now.hold.trim() !== start.hold) add({ kind: 'for', value: now.hold.trim() });
  if (now.severity.trim() !== '' && now.severity.trim() !== start.severity)
    add({ kind: 'label', name: 'severity', value: now.severity.trim() });
  return list;
}

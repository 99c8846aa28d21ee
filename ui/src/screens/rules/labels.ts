// Labels of rules, their findings and links; which rules a filter shows; and what an edit changes.
import type {
  FindingSeverity,
  GuardVerdict,
  RuleEdit,
  RuleGroupView,
  RuleLinkState,
  RuleThreshold,
  RuleDeployment,
  RuleView,
  RulesReport,
} from '../../lib/contract';
import { withUnit } from '../../lib/format/number';
import type { IconName } from '../../lib/components/Icon.svelte';

export interface Label {
  tone: 'ok' | 'warn' | 'crit' | 'mute' | 'acc' | 'none';
  icon: IconName;
  label: string;
}

export const GUARD: Record<GuardVerdict, Label> = {
  guarded: { tone: 'ok', icon: 'check', label: 'guarded' },
  'never-matches': { tone: 'crit', icon: 'crit', label: 'never matches' },
  'other-window': { tone: 'warn', icon: 'warn', label: 'window mismatch' },
  unguarded: { tone: 'none', icon: 'none', label: 'unguarded' },
  unclear: { tone: 'none', icon: 'info', label: 'unclear' },
};
export const STANDING: Record<RuleDeployment, Label> = {
  present: { tone: 'ok', icon: 'check', label: 'up to date' },
  'name-only': { tone: 'none', icon: 'info', label: 'name match only' },
  differs: { tone: 'warn', icon: 'warn', label: 'drifted' },
  unexpected: { tone: 'none', icon: 'plus', label: 'unexpected' },
};
export const SEVERITY: Record<FindingSeverity, Label> = {
  error: { tone: 'crit', icon: 'crit', label: 'error' },
  warning: { tone: 'warn', icon: 'warn', label: 'warning' },
  info: { tone: 'none', icon: 'info', label: 'info' },
};
export const LINK: Record<RuleLinkState, Label> = {
  dead: { tone: 'crit', icon: 'crit', label: 'broken' },
  unreachable: { tone: 'warn', icon: 'warn', label: 'unreachable' },
  closed: { tone: 'none', icon: 'key', label: 'login required' },
  'not-asked': { tone: 'none', icon: 'none', label: 'not checked' },
  alive: { tone: 'ok', icon: 'check', label: 'reachable' },
};
export function health(rule: RuleView): Label {
  if (rule.health === 'ok') return { tone: 'ok', icon: 'check', label: 'healthy' };
  if (rule.health === 'err') return { tone: 'crit', icon: 'crit', label: 'error' };
  return { tone: 'none', icon: 'clock', label: 'not evaluated yet' };
}

export type Filter = 'all' | 'findings' | 'alerting' | 'recording';

/** Unique in the report: names alone are not. */
export const key = (rule: RuleView): string => `${rule.id.file}\u0000${rule.id.group}\u0000${rule.id.index}`;

/** Whether a rule is unhealthy, drifted, or has a finding that is more than information. */
export const needsAttention = (rule: RuleView): boolean =>
  rule.health === 'err' || rule.standing === 'differs' || rule.findings.some((f) => f.severity !== 'info');

/** Groups with their matching rules; groups without any are left out. */
export function filterGroups(report: RulesReport, filter: Filter, search: string): RuleGroupView[] {
  const terms = search.toLowerCase().split(/\s+/).filter(Boolean);
  const matches = (g: RuleGroupView, r: RuleView): boolean =>
    (filter === 'all' || (filter === 'findings' ? needsAttention(r) : r.kind === filter)) &&
    terms.every((term) =>
      `${r.id.name} ${g.name} ${g.file} ${r.expression} ${Object.values(r.labels).join(' ')}`
        .toLowerCase()
        .includes(term),
    );
  return report.groups
    .map((g) => ({ ...g, rules: g.rules.filter((r) => matches(g, r)) }))
    .filter((g) => g.rules.length > 0);
}

/** Share of the interval that an evaluation took: 1 is all of it; null when unknown. */
export const share = (ms: number | null, intervalS: number): number | null =>
  ms === null || intervalS <= 0 ? null : ms / 1000 / intervalS;

export const fileName = (path: string): string => path.split(/[\\/]/).at(-1) || path;

/** A duration as rule files write it: `10m`, `1h30m`, `0`. */
export function promDuration(seconds: number): string {
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
  /** Text of the comparison that it belongs to; null when only one can be meant, empty when none was chosen yet. */
  of: string | null;
  hold: string;
  severity: string;
}

/** The comparisons that a threshold can be of: guards only where there is nothing else. */
export function meantThresholds(all: RuleThreshold[]): RuleThreshold[] {
  const about = all.filter((one) => !one.guard);
  return about.length > 0 ? about : all;
}

/** Edits for the fields that were changed since the form was opened. */
export function edits(rule: RuleView, start: Form, now: Form, rewrite: string | null): RuleEdit[] {
  const changed: RuleEdit[] = [];
  const add = (set: RuleEdit['set']): void => void changed.push({ group: rule.id.group, name: rule.id.name, set });
  if (rewrite !== null) add({ kind: 'expr', value: rewrite });
  const number = Number(now.threshold);
  if (
    rewrite === null &&
    now.threshold.trim() !== '' &&
    now.of !== '' &&
    now.threshold.trim() !== start.threshold &&
    Number.isFinite(number)
  )
    add({ kind: 'threshold', value: number, of: now.of });
  if (now.hold.trim() !== '' && now.hold.trim() !== start.hold) add({ kind: 'for', value: now.hold.trim() });
  if (now.severity.trim() !== '' && now.severity.trim() !== start.severity)
    add({ kind: 'label', name: 'severity', value: now.severity.trim() });
  return changed;
}

/** Duration of an evaluation: "0.4000 ms", "12.0 ms", "1.20 s". */
export const took = (ms: number): string => (ms < 1000 ? withUnit(ms, 'ms') : withUnit(ms / 1000, 's'));

/** `a="b", c="d"` */
export const labelText = (labels: Record<string, string | undefined>): string =>
  Object.entries(labels)
    .map(([name, value]) => `${name}="${value}"`)
    .join(', ');

// Made-up rules: those of the pack, one that differs, one whose guard never matches, one in error.
import type { RuleGroupView, RulesReport } from '../../contract';
import { BIDI, type Scene } from './data';
import { replay } from './recorded';

export function rulesReport(scene: Scene, now: number): RulesReport {
  if (scene === 'empty') return replay('rules_list', 'empty', now);
  const report = replay('rules_list', 'loaded', now);
  if (scene === 'calm')
    return {
      ...report,
      groups: report.groups.filter((g) => g.name !== 'legacy'),
      missing: [],
      presentAlerts: report.expectedAlerts,
      errors: 0,
      warnings: 0,
    };
  if (scene === 'hostile')
    return { ...report, groups: report.groups.map((g) => (g.name === 'legacy' ? hostile(g) : g)) };
  return report;
}

const hostile = (group: RuleGroupView): RuleGroupView => ({
  ...group,
  rules: group.rules.map((r) =>
    r.kind === 'alerting'
      ? { ...r, id: { ...r.id, name: r.id.name + BIDI.repeat(8) } }
      : { ...r, lastError: r.lastError + BIDI.repeat(8) },
  ),
});

// The Rules screen: the loaded rules, one rule, changes to them and the links they name.
import { fail, pause, type Handlers, type MockContext } from '../context';
import { refused } from '../data';
import { ruleDetail, ruleLinks, rulesApplied, rulesPlan } from '../rule-changes';
import { rulesReport } from '../rules';

type RuleCommand = 'rules_list' | 'rule_detail' | 'rules_plan' | 'rules_apply' | 'rules_reload' | 'rules_links';

export function ruleCommands({ scene, gauges }: MockContext): Handlers<RuleCommand> {
  let listed = 0;
  return {
    rules_list: () => {
      listed += 1;
      // A server that stops answering: the first list arrives, the next ones do not.
      if (scene === 'never' || (scene === 'stale' && listed > 1)) throw refused('Prometheus', 9090);
      return rulesReport(scene, Date.now());
    },
    rule_detail: ({ id, hours, style }) => {
      const rule = rulesReport(scene, Date.now())
        .groups.flatMap((g) => g.rules)
        .find((r) => r.id.name === id.name && r.id.group === id.group);
      const spec = gauges[0]?.spec;
      if (!rule || !spec) throw fail('not-found', `The rule ${id.name} is no longer loaded.`);
      return ruleDetail(rule, hours, style, scene, spec);
    },
    rules_plan: ({ edits, related }) => rulesPlan(edits, related, scene),
    rules_apply: async ({ reason }) => {
      if (!reason.trim()) throw fail('invalid-request', 'Enter a reason of up to 400 characters.');
      await pause(300);
      return rulesApplied(reason !== 'fail');
    },
    rules_reload: () => rulesApplied(true),
    rules_links: async () => {
      await pause(300);
      return ruleLinks(scene, Date.now());
    },
  };
}

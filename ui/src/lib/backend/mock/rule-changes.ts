// A rule opened, changed and its links checked.
import type {
  FigureStyle,
  GaugeSpec,
  PanelError,
  RelatedText,
  RuleDetail,
  RuleThreshold,
  RuleEdit,
  RuleLinks,
  RuleView,
  RulesApplied,
  RulesPlan,
} from '../../contract';
import { BIDI, type Scene } from './data';
import { draw } from './draw';
import { replay } from './recorded';

export function ruleDetail(
  one: RuleView,
  hours: number,
  style: FigureStyle,
  scene: Scene,
  spec: GaugeSpec,
): RuleDetail {
  const labels = (tenant: string): Record<string, string> => ({ tenant_id: tenant });
  const samples = ['acme', 'shop-7', 'vip-customer-123'].map((t, i) => ({
    labels: labels(t),
    value: 22.4 + i * 3,
    text: String(22.4 + i * 3),
  }));
  const side = (title: string, expression: string, n: number): RuleDetail['sides'][number] => ({
    title,
    expression,
    series: n,
    samples: samples.slice(0, n),
    error: '',
  });
  const isAlert = one.kind === 'alerting' && one.guard !== null;
  const overall = side('Overall', one.expression, one.guard?.verdict === 'never-matches' ? 0 : 3);
  return {
    rule: one,
    sides:
      isAlert && one.guard
        ? [
            side('Condition', one.guard.condition, 3),
            side('Value', one.guard.condition.split(' ')[0] ?? '', 3),
            side('Guard', one.guard.guard, one.guard.verdict === 'never-matches' ? 1 : 3),
            overall,
          ]
        : [overall],
    liveVerdict: !isAlert
      ? ''
      : one.guard?.verdict === 'never-matches'
        ? 'Value and guard both return series now, but none of them match: the guard can never match.'
        : 'The guard matches 9 of 9 series now.',
    guardNeverMatches: isAlert && one.guard?.verdict === 'never-matches',
    threshold: isAlert ? 30 : null,
    thresholds: isAlert ? comparisons(one.expression) : [],
    hours,
    figure: draw({ ...spec, warn: 30, critical: 30 }, 38, hours, style, scene === 'hostile').figure,
    figureNote: 'Shown: tenant_id="acme", of 9 series the one that came closest to firing or is the highest.',
  };
}

/** The comparisons with a number, roughly as the server tells them. */
const comparisons = (expression: string): RuleThreshold[] =>
  expression.split(/\s+(?:and|unless)\s+(?:on\s*\([^)]*\))?/).flatMap((part) => {
    const text = part.trim().replace(/^\((.*)\)$/s, '$1');
    const number = /(?:[<>]=?|[=!]=)\s*([\d.]+)$/.exec(text)?.[1];
    return number === undefined ? [] : [{ text, value: Number(number), guard: Number(number) === 0 }];
  });

/** An annotation and a line of an own runbook that repeat the old threshold. */
function related(edits: RuleEdit[]): RelatedText[] {
  const edit = edits.find((e) => e.set.kind === 'threshold');
  if (edit?.set.kind !== 'threshold') return [];
  const [rule, value] = [edit.name, edit.set.value];
  const text = (place: RelatedText['place'], of: (n: number) => string): RelatedText => ({
    place,
    before: of(30),
    after: of(value),
  });
  return [
    text(
      { kind: 'annotation', group: edit.group, rule, name: 'description' },
      (n) => `More than ${n} % of answers had a low confidence over 15 minutes.`,
    ),
    text(
      { kind: 'runbook', page: rule, file: `/srv/aether/runbooks/${rule}.md`, line: 3 },
      (n) => `Fires when more than ${n} % of answers of a tenant have a low confidence.`,
    ),
  ];
}

const unread: PanelError = {
  code: 'invalid-request',
  retryable: false,
  source: 'prometheus',
  message: 'Prometheus reads /etc/prometheus/alerts.yml, not /srv/aether/monitoring/prometheus-alerts.yml.',
  hint: 'Change rule_files to this file, or set [pack] dir in the profile to the directory that Prometheus reads.',
  detail: '',
};

export function rulesPlan(edits: RuleEdit[], chosen: RelatedText[], scene: Scene): RulesPlan {
  const lines = edits.map((e) =>
    e.set.kind === 'threshold'
      ? `-          aether:lowconfidence_pct:15m > 30\n+          aether:lowconfidence_pct:15m > ${e.set.value}\n`
      : e.set.kind === 'for'
        ? `-        for: 15m\n+        for: ${e.set.value}\n`
        : e.set.kind === 'expr'
          ? `-          and sum(rate(aether_cache_requests_total[5m])) > 0\n+          and on (tenant_id)\n+          (sum by (tenant_id) (rate(aether_cache_requests_total[5m])) > 0)\n`
          : `-          severity: general\n+          severity: ${'value' in e.set ? e.set.value : ''}\n`,
  );
  const texts = chosen.map((c) => `-          ${c.before}\n+          ${c.after}\n`);
  return {
    files: [
      {
        name: 'prometheus-alerts.yml',
        path: `/srv/aether/monitoring/prometheus-alerts.yml`,
        diff:
          `@@ -41,7 +41,7 @@\n       - alert: ${edits[0]?.name ?? ''}\n         expr: |\n` +
          `${lines.join('')}${texts.join('')}         for: 15m\n`,
        checkedBy: 'promtool',
        problem: scene === 'hostile' ? BIDI.repeat(4) : '',
        findings: [],
      },
    ],
    notes: chosen.length > 0 ? [] : ['The built-in runbook LowConfidenceSpike repeats the old value in line 12: 30 %.'],
    related: related(edits),
    refused: scene === 'stale' ? unread : null,
    digest: `d${chosen.length}`,
  };
}

/** Changed rules in force, or put back because the server does not run them. */
export const rulesApplied = (inForce: boolean): RulesApplied => replay('rules_apply', inForce ? 'applied' : 'put-back');

export function ruleLinks(scene: Scene, now: number): RuleLinks {
  if (scene === 'empty') return { links: [], leftOut: 0 };
  const report = replay('rules_links', 'loaded', now);
  if (scene !== 'hostile') return report;
  return { ...report, links: report.links.map((l) => ({ ...l, url: l.url + BIDI })) };
}

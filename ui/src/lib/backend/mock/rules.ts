// Made-up rules: the pack's, one that differs, one whose guard is dead, one in error.
import type { RuleFinding, RuleGroupView, RuleView, RulesReport } from '../../contract';
import { BIDI, type Scene } from './data';

const FILE = '/etc/prometheus/';
const guardWhy =
  '`and` pairs only series whose labels are equal. An alert that can never fire looks healthy on every page.';

function rule(
  group: string,
  file: string,
  index: number,
  kind: RuleView['kind'],
  name: string,
  expression: string,
  more: Partial<RuleView>,
  now: number,
): RuleView {
  return {
    id: { file: FILE + file, group, name, index },
    kind,
    expression,
    pretty: expression,
    holdS: 0,
    labels: {},
    annotations: {},
    health: 'ok',
    lastError: '',
    lastEvaluation: now - 4000 - index * 130,
    evaluationMs: 0.4 + index * 0.35,
    series:
      kind === 'recording' ? (name.endsWith(':all') || name.includes('cost') || name.includes('health') ? 1 : 9) : 0,
    standing: 'present',
    differences: [],
    guard: null,
    findings: [],
    disabled: [],
    inputs: ['aether_rag_answers_total'],
    usedBy: [],
    line: null,
    ...more,
  };
}

export function rulesReport(scene: Scene, now: number): RulesReport {
  if (scene === 'empty')
    return {
      at: now,
      groups: [],
      missing: [],
      expectedRecording: 8,
      presentRecording: 0,
      expectedAlerts: 5,
      presentAlerts: 0,
      errors: 0,
      warnings: 0,
      compared: [],
      gaps: ['The profile names no folder of the pack ([pack] dir), so rules are compared by name only.'],
    };
  const evil = scene === 'hostile' ? BIDI.repeat(8) : '';
  const ratio = (num: string, den: string, w: string, by: boolean): string =>
    `100 * (\n  ${by ? 'sum by (tenant_id) ' : 'sum'}(rate(${num}[${w}]))\n  or\n  ${by ? 'sum by (tenant_id) ' : 'sum'}(rate(${den}[${w}])) * 0\n)\n/ ${by ? 'sum by (tenant_id) ' : 'sum'}(rate(${den}[${w}]))`;
  const record = (i: number, name: string, expr: string, inputs: string[], usedBy: string[]): RuleView =>
    rule('aether-recording', 'prometheus-recording-rules.yml', i, 'recording', name, expr, { inputs, usedBy }, now);
  const recording: RuleGroupView = {
    name: 'aether-recording',
    file: `${FILE}prometheus-recording-rules.yml`,
    intervalS: 15,
    evaluationMs: 7.8,
    lastEvaluation: now - 4000,
    rules: [
      record(
        0,
        'aether:cache_hit_ratio:5m',
        ratio('aether_cache_hits_total', 'aether_cache_requests_total', '5m', true),
        ['aether_cache_hits_total', 'aether_cache_requests_total'],
        ['CacheEffectivenessDrop', 'CacheEffectivenessDropVIP', 'CacheColdOld'],
      ),
      record(
        1,
        'aether:cache_hit_ratio:5m:all',
        ratio('aether_cache_hits_total', 'aether_cache_requests_total', '5m', false),
        ['aether_cache_hits_total', 'aether_cache_requests_total'],
        [],
      ),
      record(
        2,
        'aether:rerank_utilization_pct:15m',
        ratio('aether_rerank_requests_total', 'aether_rag_answers_total', '15m', true),
        ['aether_rerank_requests_total', 'aether_rag_answers_total'],
        [],
      ),
      record(
        3,
        'aether:rerank_utilization_pct:15m:all',
        ratio('aether_rerank_requests_total', 'aether_rag_answers_total', '15m', false),
        ['aether_rerank_requests_total', 'aether_rag_answers_total'],
        ['aether:health_score:15m'],
      ),
      record(
        4,
        'aether:lowconfidence_pct:15m',
        ratio('aether_rag_low_confidence_total', 'aether_rag_answers_total', '15m', true),
        ['aether_rag_low_confidence_total', 'aether_rag_answers_total'],
        ['LowConfidenceSpike', 'LowConfidenceSpikeVIP'],
      ),
      record(
        5,
        'aether:lowconfidence_pct:15m:all',
        ratio('aether_rag_low_confidence_total', 'aether_rag_answers_total', '15m', false),
        ['aether_rag_low_confidence_total', 'aether_rag_answers_total'],
        ['aether:health_score:15m'],
      ),
      record(
        6,
        'aether:health_score:15m',
        '0.5 * aether:cache_hit_ratio:5m:all\n+ 0.3 * (100 - aether:lowconfidence_pct:15m:all)\n+ 0.2 * (100 - aether:rerank_utilization_pct:15m:all)',
        ['aether:cache_hit_ratio:5m:all', 'aether:lowconfidence_pct:15m:all', 'aether:rerank_utilization_pct:15m:all'],
        ['HealthScoreDegradation'],
      ),
    ],
  };
  const retention: RuleFinding = {
    check: 'retention',
    severity: 'info',
    problem: 'It looks back 30d, and the server keeps 15d.',
    why: 'Data older than the retention is deleted, so increase() over this range is too low.',
    remedy:
      'Raise --storage.tsdb.retention.time, or extrapolate from the time really covered, as the pack’s cost rule does.',
    rewrite: null,
    proven: false,
  };
  const cost: RuleGroupView = {
    name: 'aether-cost',
    file: recording.file,
    intervalS: 60,
    evaluationMs: 1840,
    lastEvaluation: now - 22_000,
    rules: [
      rule(
        'aether-cost',
        'prometheus-recording-rules.yml',
        0,
        'recording',
        'aether:estimated_cost_30d_usd',
        '0.001 * (sum(increase(aether_rag_answers_total{rerank!="true"}[30d])) or vector(0))\n+ 0.006 * (sum(increase(aether_rag_answers_total{rerank="true"}[30d])) or vector(0))',
        { evaluationMs: 1830, findings: [retention] },
        now,
      ),
    ],
  };
  const alert = (
    i: number,
    name: string,
    cond: string,
    counter: string,
    w: string,
    holdS: number,
    severity: string,
    more: Partial<RuleView> = {},
  ): RuleView => {
    const guard = `(sum by (tenant_id) (rate(${counter}[${w}])) > 0)`;
    return rule(
      'aether-alerts',
      'prometheus-alerts.yml',
      i,
      'alerting',
      name,
      `${cond}\nand on (tenant_id)\n${guard}`,
      {
        holdS,
        labels: { severity },
        annotations: { summary: `${name} of {{ $labels.tenant_id }}`, runbook_url: `docs/runbooks/${name}.md` },
        guard: {
          verdict: 'guarded',
          reason: 'The guard pairs with the condition.',
          condition: cond,
          guard,
          rewrite: null,
          proven: false,
        },
        inputs: [cond.split(/[ {]/)[0] ?? '', counter],
        ...more,
      },
      now,
    );
  };
  const alerts: RuleGroupView = {
    name: 'aether-alerts',
    file: `${FILE}prometheus-alerts.yml`,
    intervalS: 15,
    evaluationMs: 3.1,
    lastEvaluation: now - 6000,
    rules: [
      alert(
        0,
        'CacheEffectivenessDrop',
        'aether:cache_hit_ratio:5m < 30',
        'aether_cache_requests_total',
        '5m',
        900,
        'general',
        { series: 3 },
      ),
      alert(
        1,
        'CacheEffectivenessDropVIP',
        'aether:cache_hit_ratio:5m{tenant_id=~"vip-customer-123|vip-customer-456|partner-abc"} < 20',
        'aether_cache_requests_total',
        '5m',
        600,
        'critical',
        { series: 1 },
      ),
      alert(
        2,
        'LowConfidenceSpike',
        'aether:lowconfidence_pct:15m > 35',
        'aether_rag_answers_total',
        '15m',
        900,
        'general',
        {
          series: 2,
          standing: 'differs',
          differences: [
            'expr: aether:lowconfidence_pct:15m > 30 and on (tenant_id) (…) in the file, aether:lowconfidence_pct:15m > 35 and on (tenant_id) (…) on the server',
          ],
        },
      ),
      alert(
        3,
        'LowConfidenceSpikeVIP',
        'aether:lowconfidence_pct:15m{tenant_id=~"vip-customer-123|vip-customer-456|partner-abc"} > 40',
        'aether_rag_answers_total',
        '15m',
        600,
        'critical',
      ),
    ],
  };
  const dead = 'aether:cache_hit_ratio:5m < 30\nand sum(rate(aether_cache_requests_total[5m])) > 0';
  const mended =
    'aether:cache_hit_ratio:5m < 30\nand on (tenant_id)\n(sum by (tenant_id) (rate(aether_cache_requests_total[5m])) > 0)';
  const reason =
    'The condition carries `tenant_id` and the guard does not, and `and` pairs only series of equal labels, so the result is always empty and the alert never fires.';
  const legacy: RuleGroupView = {
    name: 'legacy',
    file: `${FILE}old.yml`,
    intervalS: 15,
    evaluationMs: 1.2,
    lastEvaluation: now - 9000,
    rules: [
      rule(
        'legacy',
        'old.yml',
        0,
        'alerting',
        `CacheColdOld${evil}`,
        dead,
        {
          holdS: 300,
          labels: { severity: 'page' },
          standing: 'unexpected',
          guard: {
            verdict: 'never-matches',
            reason,
            condition: 'aether:cache_hit_ratio:5m < 30',
            guard: 'sum(rate(aether_cache_requests_total[5m])) > 0',
            rewrite: mended,
            proven: true,
          },
          findings: [
            {
              check: 'guard',
              severity: 'error',
              problem: reason,
              why: guardWhy,
              remedy: 'Say on which labels the guard pairs.',
              rewrite: mended,
              proven: true,
            },
            {
              check: 'runbook',
              severity: 'info',
              problem: 'The alert has no runbook_url.',
              why: 'At three in the morning the link is what is clicked first.',
              remedy: 'Add the annotation runbook_url with a page that says what to do.',
              rewrite: null,
              proven: false,
            },
          ],
          inputs: ['aether:cache_hit_ratio:5m', 'aether_cache_requests_total'],
        },
        now,
      ),
      rule(
        'legacy',
        'old.yml',
        1,
        'recording',
        'team:requests:rate5m',
        'sum by (team) (rate(aether_requests_total[5m]) * on (instance) group_left (team) owners)',
        {
          health: 'err',
          lastError: `found duplicate series for the match group {instance="api-1:8000"} on the right hand-side of the operation${evil}`,
          standing: 'unexpected',
          series: 0,
          findings: [
            {
              check: 'series',
              severity: 'warning',
              problem: '`aether_requests_total` does not exist on the server now.',
              why: 'A rule over a series that is not there gives nothing: an alert never fires, a recording has a hole.',
              remedy:
                'Look for a typing error or a target that is down; a counter that has never counted is missing, too.',
              rewrite: null,
              proven: false,
            },
          ],
          inputs: ['aether_requests_total', 'owners'],
        },
        now,
      ),
    ],
  };
  const calm = scene === 'calm';
  return {
    at: now,
    groups: calm ? [recording, cost, alerts] : [legacy, recording, cost, alerts],
    missing: calm ? [] : [{ kind: 'alerting', name: 'HealthScoreDegradation', file: 'prometheus-alerts.yml' }],
    expectedRecording: 8,
    presentRecording: 8,
    expectedAlerts: 5,
    presentAlerts: calm ? 5 : 4,
    errors: calm ? 0 : 1,
    warnings: calm ? 0 : 1,
    compared: ['prometheus-recording-rules.yml', 'prometheus-alerts.yml'],
    gaps: [],
  };
}

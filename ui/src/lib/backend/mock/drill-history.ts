// Made-up drills: scenarios, goals, past drills and the people who ran them.
import type {
  DrillAction,
  DrillGoal,
  MeasuredGoal,
  DrillOperation,
  DrillRun,
  DrillScenario,
  DrillScenarioInfo,
  TrainingStep,
  TrainingTask,
  TrainingTaskInfo,
} from '../../contract';
import { BIDI, type Scene } from './data';

const about = (
  scenario: DrillScenario,
  title: string,
  text: string,
  first: string,
  runbook: string,
  lookWithinS: number,
  callWithinS: number,
): DrillScenarioInfo => ({ scenario, title, about: text, first, runbook, lookWithinS, callWithinS });
export const SCENARIOS = [
  about(
    'vip-low-confidence',
    'VIP low confidence',
    'Most answers for one VIP tenant drop below the confidence threshold.',
    'Acknowledge the VIP alert.',
    'LowConfidenceSpikeVIP',
    300,
    1800,
  ),
  about(
    'cache-loss',
    'Cache loss',
    'The cache has been emptied: the hit rate drops to almost zero for every tenant.',
    'Acknowledge one of its VIP alerts.',
    'CacheEffectivenessDropVIP',
    300,
    1800,
  ),
  about(
    'rerank-runaway',
    'Rerank runaway',
    'Nearly every answer goes through the reranker. No alert covers this; only the gauge shows it.',
    'Check the projected daily cost: step 4 of the runbook.',
    'RerankUtilizationCritical',
    900,
    1800,
  ),
  about(
    'bad-silence',
    'Silence at a bad moment',
    'A VIP alert fires while a silence created in haste mutes every alert.',
    'End the silence, so that the on-call engineer is notified.',
    'LowConfidenceSpikeVIP',
    300,
    1800,
  ),
  about(
    'prometheus-down',
    'Prometheus down',
    'Prometheus is down: nothing is measured, and no alert can fire.',
    'Check every server: refresh, test the endpoint, or run a check.',
    'MonitoringServiceDown',
    900,
    1800,
  ),
];
export type Did = 'ack' | 'step' | 'end' | 'ask';
/** The right first action, and what it says in the report. */
export const FIRST: Record<DrillScenario, [Did, string]> = {
  'vip-low-confidence': ['ack', 'Acknowledged LowConfidenceSpikeVIP of vip-customer-123.'],
  'cache-loss': ['ack', 'Acknowledged CacheEffectivenessDropVIP of partner-abc.'],
  'rerank-runaway': ['step', 'Asked a step of the runbook.'],
  'bad-silence': ['end', 'Ended the silence.'],
  'prometheus-down': ['ask', 'Asked every server.'],
};
export const RIGHT: Record<DrillScenario, DrillOperation | null> = {
  'vip-low-confidence': 'roll-back',
  'cache-loss': 'restore-cache',
  'rerank-runaway': 'reset-reranker',
  'bad-silence': null,
  'prometheus-down': 'start-prometheus',
};
export const OPERATIONS: [DrillOperation, string][] = [
  ['roll-back', 'Undo the last deploy or index run'],
  ['restore-cache', 'Bring the cache back and warm it'],
  ['reset-reranker', 'Put the reranker’s threshold back'],
  ['start-prometheus', 'Start Prometheus'],
  ['restart-api', 'Restart the API'],
];
const task = (id: TrainingTask, title: string, text: string, minutes: number, seen: boolean): TrainingTaskInfo => ({
  task: id,
  title,
  about: text,
  minutes,
  seen,
});
export const TASKS = [
  task(
    'read-runbook',
    'Read the on-call runbook',
    'From the triage table to the SLO reference. Say so when you have.',
    15,
    false,
  ),
  task(
    'bookmark-grafana',
    'Find Grafana',
    'Open it, and keep its address where you find it at three in the morning.',
    1,
    false,
  ),
  task('quick-check', 'Run the quick check', 'Six checks that only look. One that ran to its end counts.', 5, true),
  task(
    'vip-drill',
    'Deal with a VIP alert',
    'The drill VIP low confidence: resolved, with the right first action in time.',
    10,
    true,
  ),
  task(
    'maintenance',
    'Practise maintenance',
    'Start a window of at most ten minutes for something harmless, and see it end.',
    2,
    true,
  ),
  task(
    'slo-targets',
    'Know the targets',
    'Cache hits above 50 %, low confidence below 30 %, reranking below 60 %: what keeps them, and what breaks them.',
    5,
    false,
  ),
];
const GOALS: DrillGoal[] = ['notice', 'runbook', 'first-action', 'resolution'];
export const OPEN = GOALS.map(() => null);

export function measures(
  info: DrillScenarioInfo,
  signal: number | null,
  at: (number | null)[],
  over: boolean,
): MeasuredGoal[] {
  return GOALS.map((goal, i) => {
    const when = at[i] ?? null;
    const limitS = goal === 'resolution' ? info.callWithinS : info.lookWithinS;
    const afterS = when === null || signal === null ? null : Math.max(0, (when - signal) / 1000);
    return {
      goal,
      at: when,
      afterS,
      limitS,
      mark: afterS === null ? (over ? 'missed' : 'open') : afterS <= limitS ? 'pass' : 'late',
      note:
        goal === 'notice' && afterS !== null
          ? 'The alert was opened.'
          : goal === 'resolution' && over && afterS === null
            ? 'Nobody was called before the deadline either.'
            : '',
    };
  });
}

export const infoOf = (scenario: DrillScenario): DrillScenarioInfo =>
  SCENARIOS.find((s) => s.scenario === scenario) as DrillScenarioInfo;

/** A drill that is over; `after` are the seconds of each goal. */
function past(
  id: string,
  person: string,
  scenario: DrillScenario,
  startedAt: number,
  outcome: DrillRun['outcome'],
  after: (number | null)[],
  wrong: DrillAction[] = [],
): DrillRun {
  const signalAt = startedAt + 48_000;
  const info = infoOf(scenario);
  const at = after.map((s) => (s === null ? null : signalAt + s * 1000));
  const list = measures(info, signalAt, at, true);
  const said = ['Said that it was seen.', `Opened the runbook ${info.runbook}.`, FIRST[scenario][1], ''];
  const acts = [
    ...at.flatMap((when, i): DrillAction[] =>
      when === null || !said[i] ? [] : [{ at: when, text: said[i], worth: 'right', why: '' }],
    ),
    { at: signalAt + 21_000, text: 'Opened the alerts.', worth: 'neutral' as const, why: '' },
    ...wrong.map((w) => ({ ...w, at: signalAt + w.at })),
  ].sort((a, b) => a.at - b.at);
  return {
    id,
    stack: 'production',
    person,
    scenario,
    pace: 'short',
    startedAt,
    signalAt,
    endedAt: at[3] ?? signalAt + 400_000,
    outcome,
    passed: outcome === 'resolved' && wrong.length === 0 && list.every((m) => m.mark === 'pass'),
    measures: list,
    acts,
  };
}

export function history(scene: Scene, now: number): DrillRun[] {
  if (scene === 'empty' || scene === 'loading' || scene === 'first') return [];
  const who = scene === 'hostile' ? [BIDI, BIDI.repeat(3).slice(0, 80), 'x'.repeat(80)] : ['alice', 'bob', 'carol'];
  const [alice = '', bob = '', carol = ''] = who;
  const evil = scene === 'hostile' ? BIDI.repeat(8) : '';
  const list = [
    past('d-1', alice, 'vip-low-confidence', now - 3 * 3_600_000, 'resolved', [9, 34, 71, 130]),
    past(
      'd-2',
      bob,
      'cache-loss',
      now - 26 * 3_600_000,
      'resolved',
      [40, 210, 960, 1400],
      [
        {
          at: 300_000,
          text: `Restarted the API.${evil}`,
          worth: 'wrong',
          why: `The API was well: a restart empties what is left of the cache.${evil}`,
        },
      ],
    ),
    past('d-3', alice, 'bad-silence', now - 2 * 86_400_000, 'given-up', [62, null, null, null]),
    past('d-4', carol, 'prometheus-down', now - 6 * 86_400_000, 'resolved', [12, 30, 55, 96]),
    past('d-5', bob, 'vip-low-confidence', now - 9 * 86_400_000, 'cut-off', [80, 120, null, null]),
    past('d-6', alice, 'cache-loss', now - 12 * 86_400_000, 'resolved', [0, 0, 22, 75]),
  ];
  return scene === 'huge'
    ? Array.from({ length: 60 }, (_, i) => ({
        ...(list[i % list.length] as DrillRun),
        id: `d-${i + 1}`,
        person: crowd(i),
      }))
    : list;
}
const crowd = (i: number): string =>
  i % 13 === 5
    ? `Maximiliane-Eugenie von Hohenstaufen-Wittelsbach (second line, region ${i})`.padEnd(80, '.').slice(0, 80)
    : `${['alice', 'bob', 'carol', 'dave', 'erin', 'frank', 'grace', 'heidi'][i % 8]}${i < 8 ? '' : `-${i}`}`;

export function said(scene: Scene, now: number): Map<string, TrainingStep[]> {
  const people = new Map<string, TrainingStep[]>();
  const add = (name: string, tasks: number): void =>
    void people.set(
      name,
      TASKS.map((t, i) => ({
        task: t.task,
        doneAt: i < tasks ? now - (9 - i) * 3_600_000 : null,
        by: i < tasks && !t.seen ? (i === 0 ? name : 'alice') : '',
        evidence:
          i < tasks && t.seen
            ? ([
                '',
                '',
                'Ran the quick check on production.',
                'Did the right first action after 71 s, and resolved it.',
                'Started and ended a window of 240 s.',
              ][i] ?? '')
            : '',
      })),
    );
  if (scene === 'empty' || scene === 'loading' || scene === 'first') return people;
  if (scene === 'huge') for (let i = 0; i < 40; i += 1) add(crowd(i), (i * 5) % 7);
  else if (scene === 'hostile')
    for (const [i, n] of [BIDI, BIDI.repeat(3).slice(0, 80), 'x'.repeat(80)].entries()) add(n, 6 - i * 2);
  else
    for (const [n, tasks] of [
      ['alice', 4],
      ['bob', 6],
      ['carol', 1],
    ] as const)
      add(n, tasks);
  return people;
}

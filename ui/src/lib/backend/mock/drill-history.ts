// Made-up drills: the recorded scenarios, operations and training tasks, past drills and the people who ran them.
import type {
  DrillGoal,
  DrillOperation,
  DrillRun,
  DrillScenario,
  DrillScenarioInfo,
  MeasuredGoal,
  TrainingStep,
} from '../../contract';
import { BIDI, type Scene } from './data';
import { replay } from './recorded';

export const { scenarios: SCENARIOS, operations: OPERATIONS } = replay('drill_list');
export const { tasks: TASKS } = replay('training_board');

/** What a person does in the panel that can be the right first action. */
export type FirstAction = 'acknowledge' | 'runbook-step' | 'end-silence' | 'refresh';
/** The right first action, and its text in the report. */
export const FIRST_ACTIONS: Record<DrillScenario, [FirstAction, string]> = {
  'vip-low-confidence': ['acknowledge', 'Acknowledged LowConfidenceSpikeVIP of vip-customer-123.'],
  'cache-loss': ['acknowledge', 'Acknowledged CacheEffectivenessDropVIP of partner-abc.'],
  'rerank-runaway': ['runbook-step', 'Asked a step of the runbook.'],
  'bad-silence': ['end-silence', 'Ended the silence.'],
  'prometheus-down': ['refresh', 'Asked every server.'],
};
export const REMEDIES: Record<DrillScenario, DrillOperation | null> = {
  'vip-low-confidence': 'roll-back',
  'cache-loss': 'restore-cache',
  'rerank-runaway': 'reset-reranker',
  'bad-silence': null,
  'prometheus-down': 'start-prometheus',
};
const GOALS: DrillGoal[] = ['notice', 'runbook', 'first-action', 'resolution'];
/** When each goal was reached: none yet. */
export const NO_GOAL_REACHED: null[] = GOALS.map(() => null);

export function measures(
  info: DrillScenarioInfo,
  signalAt: number | null,
  reachedAt: (number | null)[],
  ended: boolean,
): MeasuredGoal[] {
  return GOALS.map((goal, i) => {
    const at = reachedAt[i] ?? null;
    const limitS = goal === 'resolution' ? info.callWithinS : info.lookWithinS;
    const afterS = at === null || signalAt === null ? null : Math.max(0, (at - signalAt) / 1000);
    return {
      goal,
      at,
      afterS,
      limitS,
      mark: afterS === null ? (ended ? 'missed' : 'open') : afterS <= limitS ? 'pass' : 'late',
      note:
        goal === 'notice' && afterS !== null
          ? 'The alert was opened.'
          : goal === 'resolution' && ended && afterS === null
            ? 'Nobody was called before the deadline either.'
            : '',
    };
  });
}

export const infoOf = (scenario: DrillScenario): DrillScenarioInfo =>
  SCENARIOS.find((s) => s.scenario === scenario) as DrillScenarioInfo;

const HOSTILE_NAMES = [BIDI, BIDI.repeat(3).slice(0, 80), 'x'.repeat(80)];
const NAMES = ['alice', 'bob', 'carol'];

/** Names of many people, some as long as they may be. */
const crowd = (i: number): string =>
  i % 13 === 5
    ? `Maximiliane-Eugenie von Hohenstaufen-Wittelsbach (second line, region ${i})`.padEnd(80, '.').slice(0, 80)
    : `${['alice', 'bob', 'carol', 'dave', 'erin', 'frank', 'grace', 'heidi'][i % 8]}${i < 8 ? '' : `-${i}`}`;

const hostile = (run: DrillRun): DrillRun => ({
  ...run,
  person: HOSTILE_NAMES[NAMES.indexOf(run.person)] ?? run.person,
  acts: run.acts.map((act) =>
    act.worth === 'wrong' ? { ...act, text: act.text + BIDI.repeat(8), why: act.why + BIDI.repeat(8) } : act,
  ),
});

export function pastDrills(scene: Scene, now: number): DrillRun[] {
  if (scene === 'empty' || scene === 'loading' || scene === 'first') return [];
  const { runs } = replay('drill_list', 'loaded', now);
  if (scene === 'hostile') return runs.map(hostile);
  if (scene === 'huge')
    return Array.from({ length: 60 }, (_, i) => ({
      ...(runs[i % runs.length] as DrillRun),
      id: `d-${i + 1}`,
      person: crowd(i),
    }));
  return runs;
}

/** The training of each person: the first `done` tasks as somebody did them who has done all. */
export function trainingSteps(scene: Scene, now: number): Map<string, TrainingStep[]> {
  const complete = replay('training_board', 'loaded', now).people.find((p) => p.steps.every((s) => s.doneAt !== null));
  const stepsOf = (person: string, done: number): TrainingStep[] =>
    (complete?.steps ?? []).map((s, i) =>
      i < done ? { ...s, by: i === 0 ? person : s.by } : { ...s, doneAt: null, by: '', evidence: '' },
    );
  if (scene === 'empty' || scene === 'loading' || scene === 'first') return new Map();
  const doneByPerson: [string, number][] =
    scene === 'huge'
      ? Array.from({ length: 40 }, (_, i) => [crowd(i), (i * 5) % 7])
      : scene === 'hostile'
        ? HOSTILE_NAMES.map((name, i) => [name, 6 - i * 2])
        : [
            ['alice', 4],
            ['bob', 6],
            ['carol', 1],
          ];
  return new Map(doneByPerson.map(([person, done]) => [person, stepsOf(person, done)]));
}

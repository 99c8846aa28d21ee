// Labels of drills: state, goals, actions and whether they helped.
import type {
  DrillGoal,
  DrillList,
  GoalResult,
  MeasuredGoal,
  DrillOperation,
  DrillOutcome,
  DrillSpeed,
  DrillRun,
  DrillScenario,
  Assessment,
  TrainingDrill,
} from '../contract';
import { human, planned } from '../format/duration';
import { plural } from '../format/number';
import type { StatusLabel } from './alert-labels';
import type { IconName } from './Icon.svelte';

/** Titles to show until the panel's list has arrived. */
export const SCENARIO: Record<DrillScenario, { title: string; short: string; icon: IconName }> = {
  'vip-low-confidence': { title: 'VIP low confidence', short: 'VIP', icon: 'star' },
  'cache-loss': { title: 'Cache loss', short: 'Cache', icon: 'stack' },
  'rerank-runaway': { title: 'Rerank runaway', short: 'Reranker', icon: 'gauge' },
  'bad-silence': { title: 'Badly timed silence', short: 'Silence', icon: 'muted' },
  'prometheus-down': { title: 'Prometheus down', short: 'Prometheus', icon: 'ghost' },
};
export const SCENARIOS = Object.keys(SCENARIO) as DrillScenario[];

export const PACE: Record<DrillSpeed, { title: string; description: string }> = {
  short: {
    title: 'Short',
    description: 'Symptoms within two minutes: rates over 1 min, alerts pending for 15 s.',
  },
  full: { title: 'Full', description: 'Production timing: alerts are pending for 10 to 20 min.' },
};

export const OPERATION: Record<DrillOperation, IconName> = {
  'roll-back': 'undo',
  'restore-cache': 'stack',
  'reset-reranker': 'gauge',
  'start-prometheus': 'play',
  'restart-api': 'refresh',
};

export const GOAL: Record<DrillGoal, string> = {
  notice: 'Notice the problem',
  runbook: 'Open the correct runbook',
  'first-action': 'Correct first action',
  resolution: 'Resolved or escalated',
};

/** The goals in the words of a start: "Notice the problem within 5 min". */
export function goalsOf(measures: readonly { goal: DrillGoal; limitS: number }[]): string[] {
  return measures.map((m) => `${GOAL[m.goal]} within ${planned(m.limitS)}`);
}

/** The goals of a scenario before it starts. */
export const limitsOf = (info: { lookWithinS: number; callWithinS: number }): { goal: DrillGoal; limitS: number }[] => [
  { goal: 'notice', limitS: info.lookWithinS },
  { goal: 'runbook', limitS: info.lookWithinS },
  { goal: 'first-action', limitS: info.lookWithinS },
  { goal: 'resolution', limitS: info.callWithinS },
];

export const MARK: Record<GoalResult, StatusLabel> = {
  pass: { label: 'on time', tone: 'ok', icon: 'check' },
  late: { label: 'too late', tone: 'warn', icon: 'clock' },
  missed: { label: 'missed', tone: 'crit', icon: 'close' },
  open: { label: 'open', tone: 'none', icon: 'none' },
};

export const WORTH: Record<Assessment, StatusLabel> = {
  right: { label: 'correct', tone: 'ok', icon: 'check' },
  neutral: { label: 'neutral', tone: 'none', icon: 'none' },
  wrong: { label: 'wrong', tone: 'crit', icon: 'close' },
};

const OUTCOME: Record<DrillOutcome, StatusLabel> = {
  running: { label: 'running', tone: 'acc', icon: 'spin' },
  resolved: { label: 'resolved', tone: 'ok', icon: 'check' },
  'given-up': { label: 'aborted', tone: 'none', icon: 'flag' },
  'cut-off': { label: 'interrupted', tone: 'none', icon: 'ghost' },
};

/** Outcome of a drill in one word. Only one that was resolved has passed or failed. */
export function outcome(run: Pick<DrillRun, 'outcome' | 'passed'>): StatusLabel {
  if (run.outcome !== 'resolved') return OUTCOME[run.outcome];
  return run.passed ? { label: 'passed', tone: 'ok', icon: 'check' } : { label: 'failed', tone: 'warn', icon: 'warn' };
}

export const infoOf = (list: DrillList | null, scenario: DrillScenario | null) =>
  list?.scenarios.find((s) => s.scenario === scenario) ?? null;

/** Title of a drill's scenario; none while the trainee may not know it. */
export function titleOf(list: DrillList | null, scenario: DrillScenario | null): string | null {
  return scenario === null ? null : (infoOf(list, scenario)?.title ?? SCENARIO[scenario].title);
}

/** Time a step took. What was done before there were symptoms took none. */
export function after(seconds: number | null): string {
  if (seconds === null) return '–';
  return seconds <= 0 ? 'immediately' : human(seconds * 1000);
}

/** Whether the running drill shows symptoms yet, and for how long. */
export function sight(run: Pick<DrillRun, 'signalAt'>, now: number): string {
  return run.signalAt === null ? 'no symptoms yet' : `symptoms for ${human(now - run.signalAt)}`;
}

/** A measure as a bar: how far it is filled and, where the limit was passed, where the limit lies. Shares of one. */
export function bar(m: Pick<MeasuredGoal, 'afterS' | 'limitS'>): { fill: number; limit: number | null } {
  if (m.afterS === null) return { fill: 0, limit: null };
  const took = Math.max(0, m.afterS);
  if (took <= m.limitS) return { fill: m.limitS > 0 ? took / m.limitS : 0, limit: null };
  return { fill: 1, limit: m.limitS / took };
}

export const firstAction = (run: DrillRun): MeasuredGoal | null =>
  run.measures.find((m) => m.goal === 'first-action') ?? null;

/** A person's best result in a scenario. */
export function best(d: TrainingDrill | null): { text: string; status: StatusLabel } {
  if (d === null || d.tries === 0)
    return { text: 'not attempted', status: { label: 'not attempted', tone: 'none', icon: 'none' } };
  if (d.run === null)
    return {
      text: `${plural(d.tries, 'attempt')}, none completed`,
      status: { label: 'not completed', tone: 'none', icon: 'flag' },
    };
  const time = d.firstActionS === null ? 'no correct first action' : `best ${after(d.firstActionS)}`;
  return {
    text: `${time}, ${plural(d.tries, 'attempt')}`,
    status: outcome({ outcome: 'resolved', passed: d.passed }),
  };
}

/** Headline of the report. */
export function verdict(run: DrillRun): { title: string; text: string } {
  const long = human((run.endedAt ?? run.startedAt) - run.startedAt);
  if (run.outcome === 'running')
    return {
      title: 'Running',
      text: 'The report lists every action, and whether it helped, once the drill has ended.',
    };
  if (run.outcome === 'given-up')
    return { title: 'Aborted', text: `Ended after ${long}, before the servers showed that the problem was resolved.` };
  if (run.outcome === 'cut-off')
    return { title: 'Interrupted', text: `The demo stack stopped after ${long}. The result does not count.` };
  if (run.passed)
    return { title: 'Passed', text: `Every goal was met on time and no action did harm. Resolved after ${long}.` };
  const late = run.measures.filter((m) => m.mark === 'late').length;
  const missed = run.measures.filter((m) => m.mark === 'missed' || m.mark === 'open').length;
  const wrong = run.acts.filter((a) => a.worth === 'wrong').length;
  const parts = [
    late ? `${plural(late, 'goal')} late` : '',
    missed ? `${plural(missed, 'goal')} missed` : '',
    wrong ? `${plural(wrong, 'wrong action')}` : '',
  ].filter(Boolean);
  return {
    title: 'Failed',
    text: `${parts.join(', ') || 'Not every goal was met on time'}. Resolved after ${long}.`,
  };
}

export interface Moment {
  at: number;
  text: string;
  /** None: not an action of the trainee. */
  assessment: StatusLabel | null;
  why: string;
}

/** Actions between the start, the first symptoms and the end. */
export function timeline(run: DrillRun): Moment[] {
  const frame = (at: number | null, text: string): Moment[] =>
    at === null ? [] : [{ at, text, assessment: null, why: '' }];
  const acts = run.acts.map((a): Moment => ({ at: a.at, text: a.text, assessment: WORTH[a.worth], why: a.why }));
  const end = {
    running: '',
    resolved: 'The servers show that the problem is resolved.',
    'given-up': 'The drill was aborted.',
    'cut-off': 'The demo stack stopped.',
  }[run.outcome];
  const all = [
    ...frame(run.startedAt, 'The drill started.'),
    ...frame(run.signalAt, 'The panel shows the first symptoms.'),
    ...acts,
  ];
  // Stable: what has one time stays in this order.
  return [...all.sort((a, b) => a.at - b.at), ...(end ? frame(run.endedAt, end) : [])];
}

/** A moment's distance from when it could be seen: "+41 s"; what came before that, and a drill that never could be seen, "". */
export function offset(at: number, signalAt: number | null): string {
  return signalAt === null || at < signalAt ? '' : `+${human(at - signalAt)}`;
}

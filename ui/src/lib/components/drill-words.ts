// Drills in words: how one stands, how its goals came out, what was done in it and whether that helped.
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
import { human } from '../format/duration';
import { plural } from '../format/number';
import type { Word } from './alert-words';
import type { IconName } from './Icon.svelte';

/** Titles stand in for those of the panel until its list is there. */
export const SCENARIO: Record<DrillScenario, { title: string; short: string; icon: IconName }> = {
  'vip-low-confidence': { title: 'VIP low confidence', short: 'VIP', icon: 'star' },
  'cache-loss': { title: 'Cache loss', short: 'Cache', icon: 'stack' },
  'rerank-runaway': { title: 'Rerank runaway', short: 'Reranker', icon: 'gauge' },
  'bad-silence': { title: 'Silence at a bad moment', short: 'Silence', icon: 'muted' },
  'prometheus-down': { title: 'Prometheus down', short: 'Prometheus', icon: 'ghost' },
};
export const SCENARIOS = Object.keys(SCENARIO) as DrillScenario[];

export const PACE: Record<DrillSpeed, { title: string; says: string }> = {
  short: {
    title: 'Short',
    says: 'It can be seen within two minutes: rates look at one minute, and alerts need 15 seconds.',
  },
  full: { title: 'Full', says: 'As the pack has it: an alert needs 10 to 20 minutes, and nothing hurries.' },
};

export const OPERATION: Record<DrillOperation, IconName> = {
  'roll-back': 'undo',
  'restore-cache': 'stack',
  'reset-reranker': 'gauge',
  'start-prometheus': 'play',
  'restart-api': 'refresh',
};

export const GOAL: Record<DrillGoal, string> = {
  notice: 'Notice it',
  runbook: 'Open the right runbook',
  'first-action': 'Right first action',
  resolution: 'Over, or somebody called',
};

export const MARK: Record<GoalResult, Word> = {
  pass: { word: 'in time', tone: 'ok', icon: 'check' },
  late: { word: 'too late', tone: 'warn', icon: 'clock' },
  missed: { word: 'not done', tone: 'crit', icon: 'close' },
  open: { word: 'not done yet', tone: 'none', icon: 'none' },
};

export const WORTH: Record<Assessment, Word> = {
  right: { word: 'right', tone: 'ok', icon: 'check' },
  neutral: { word: 'neutral', tone: 'none', icon: 'none' },
  wrong: { word: 'wrong', tone: 'crit', icon: 'close' },
};

const OUTCOME: Record<DrillOutcome, Word> = {
  running: { word: 'goes on', tone: 'acc', icon: 'spin' },
  resolved: { word: 'resolved', tone: 'ok', icon: 'check' },
  'given-up': { word: 'given up', tone: 'none', icon: 'flag' },
  'cut-off': { word: 'cut off', tone: 'none', icon: 'ghost' },
};

/** How a drill came out, in one word: one that was resolved is passed or not. */
export function outcome(run: Pick<DrillRun, 'outcome' | 'passed'>): Word {
  if (run.outcome !== 'resolved') return OUTCOME[run.outcome];
  return run.passed
    ? { word: 'passed', tone: 'ok', icon: 'check' }
    : { word: 'not passed', tone: 'warn', icon: 'warn' };
}

export const infoOf = (list: DrillList | null, scenario: DrillScenario | null) =>
  list?.scenarios.find((s) => s.scenario === scenario) ?? null;

/** What a drill was about; none while nobody may know. */
export function titleOf(list: DrillList | null, scenario: DrillScenario | null): string | null {
  return scenario === null ? null : (infoOf(list, scenario)?.title ?? SCENARIO[scenario].title);
}

/** Seconds as a person says them; what was done before there was anything to see took none. */
export function after(seconds: number | null): string {
  if (seconds === null) return '–';
  return seconds <= 0 ? 'at once' : human(seconds * 1000);
}

/** Whether anything can be seen of the drill that goes on. */
export function sight(run: Pick<DrillRun, 'signalAt'>, now: number): string {
  return run.signalAt === null ? 'nothing can be seen yet' : `can be seen for ${human(now - run.signalAt)}`;
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

/** The best of a person in a scenario, in words. */
export function best(d: TrainingDrill | null): { text: string; word: Word } {
  if (d === null || d.tries === 0)
    return { text: 'not tried', word: { word: 'not tried', tone: 'none', icon: 'none' } };
  if (d.run === null)
    return {
      text: `${plural(d.tries, 'try', 'tries')}, none to its end`,
      word: { word: 'not to its end', tone: 'none', icon: 'flag' },
    };
  const time = d.firstActionS === null ? 'no first action' : `best ${after(d.firstActionS)}`;
  return {
    text: `${time}, ${plural(d.tries, 'try', 'tries')}`,
    word: outcome({ outcome: 'resolved', passed: d.passed }),
  };
}

/** What the report says first. */
export function verdict(run: DrillRun): { title: string; text: string } {
  const long = human((run.endedAt ?? run.startedAt) - run.startedAt);
  if (run.outcome === 'running')
    return { title: 'It goes on', text: 'What was done, and whether it helped, is told at the end.' };
  if (run.outcome === 'given-up')
    return { title: 'Given up', text: `It was ended after ${long}, before the servers showed that it was over.` };
  if (run.outcome === 'cut-off')
    return { title: 'Cut off', text: `The demo stack ended under it after ${long}. It says nothing about the person.` };
  if (run.passed)
    return { title: 'Passed', text: `Every goal in time, and nothing that did harm. Over after ${long}.` };
  const late = run.measures.filter((m) => m.mark === 'late').length;
  const missed = run.measures.filter((m) => m.mark === 'missed' || m.mark === 'open').length;
  const wrong = run.acts.filter((a) => a.worth === 'wrong').length;
  const parts = [
    late ? `${plural(late, 'goal')} too late` : '',
    missed ? `${plural(missed, 'goal')} not reached` : '',
    wrong ? `${plural(wrong, 'act')} did harm or did not help` : '',
  ].filter(Boolean);
  return {
    title: 'Resolved, not passed',
    text: `${parts.join(', ') || 'Not every goal was reached in time'}. Over after ${long}.`,
  };
}

export interface Moment {
  at: number;
  text: string;
  /** None: it was not the person's doing. */
  word: Word | null;
  why: string;
}

/** What was done, between begin, first sight and end. */
export function timeline(run: DrillRun): Moment[] {
  const frame = (at: number | null, text: string): Moment[] => (at === null ? [] : [{ at, text, word: null, why: '' }]);
  const acts = run.acts.map((a): Moment => ({ at: a.at, text: a.text, word: WORTH[a.worth], why: a.why }));
  const end = {
    running: '',
    resolved: 'The servers show that it is over.',
    'given-up': 'The drill was ended.',
    'cut-off': 'The demo stack ended.',
  }[run.outcome];
  const all = [
    ...frame(run.startedAt, 'The drill began.'),
    ...frame(run.signalAt, 'It can be seen in the panel.'),
    ...acts,
  ];
  // Stable: what has one time stays in this order.
  return [...all.sort((a, b) => a.at - b.at), ...(end ? frame(run.endedAt, end) : [])];
}

/** A moment's distance from when it could be seen: "+41 s"; what came before that, and a drill that never could be seen, "". */
export function offset(at: number, signalAt: number | null): string {
  return signalAt === null || at < signalAt ? '' : `+${human(at - signalAt)}`;
}

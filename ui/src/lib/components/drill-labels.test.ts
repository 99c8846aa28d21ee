import { describe, expect, it } from 'vitest';
import type { DrillAction, MeasuredGoal, DrillRun } from '../contract';
import { after, bar, best, offset, outcome, sight, timeline, titleOf, verdict } from './drill-labels';

const measure = (mark: MeasuredGoal['mark'], afterS: number | null): MeasuredGoal => ({
  goal: 'notice',
  at: null,
  afterS,
  limitS: 300,
  mark,
  note: '',
});
const act = (at: number, worth: DrillAction['worth']): DrillAction => ({
  at,
  text: `act at ${at}`,
  worth,
  why: worth === 'wrong' ? 'no' : '',
});
const run = (more: Partial<DrillRun>): DrillRun => ({
  id: 'd',
  stack: 's',
  person: 'p',
  scenario: 'cache-loss',
  pace: 'short',
  startedAt: 0,
  signalAt: 48_000,
  endedAt: 178_000,
  outcome: 'resolved',
  passed: true,
  measures: [],
  acts: [],
  ...more,
});

describe('a running drill', () => {
  it('shows whether there are symptoms, and for how long', () => {
    expect(sight({ signalAt: null }, 9e9)).toBe('no symptoms yet');
    expect(sight({ signalAt: 1000 }, 73_000)).toBe('symptoms for 1 min 12 s');
    expect(sight({ signalAt: 5000 }, 4000)).toBe('symptoms for 0 s');
  });
  it('hides its title from the trainee', () => {
    expect(titleOf(null, null)).toBeNull();
    expect(titleOf(null, 'cache-loss')).toBe('Cache loss');
  });
});

describe('a goal', () => {
  it('shows its time', () =>
    expect([null, 0, -1, 41.9, 71].map((s) => after(s))).toEqual([
      '–',
      'immediately',
      'immediately',
      '41 s',
      '1 min 11 s',
    ]));
  it('fills its bar up to the limit, and marks the limit once exceeded', () => {
    expect(bar({ afterS: 75, limitS: 300 })).toEqual({ fill: 0.25, limit: null });
    expect(bar({ afterS: 300, limitS: 300 })).toEqual({ fill: 1, limit: null });
    expect(bar({ afterS: 600, limitS: 300 })).toEqual({ fill: 1, limit: 0.5 });
    expect(bar({ afterS: null, limitS: 300 })).toEqual({ fill: 0, limit: null });
    expect(bar({ afterS: 0, limitS: 0 })).toEqual({ fill: 0, limit: null });
  });
});

describe('a report', () => {
  it('starts with the outcome', () => {
    expect(verdict(run({})).text).toBe('Every goal was met on time and no action did harm. Resolved after 2 min 58 s.');
    expect(
      verdict(
        run({ passed: false, measures: [measure('late', 400), measure('missed', null)], acts: [act(1, 'wrong')] }),
      ).text,
    ).toBe('1 goal late, 1 goal missed, 1 wrong action. Resolved after 2 min 58 s.');
    expect(verdict(run({ outcome: 'given-up', passed: false })).title).toBe('Aborted');
    expect(verdict(run({ outcome: 'running', passed: null, endedAt: null })).title).toBe('Running');
  });
  it('calls only a resolved drill passed or failed', () => {
    expect(outcome({ outcome: 'resolved', passed: true }).label).toBe('passed');
    expect(outcome({ outcome: 'resolved', passed: false }).label).toBe('failed');
    expect(outcome({ outcome: 'given-up', passed: false }).label).toBe('aborted');
  });
  it('lists actions between the start, the first symptoms and the end', () => {
    const moments = timeline(run({ acts: [act(90_000, 'right'), act(20_000, 'wrong')] }));
    expect(moments.map((m) => m.at)).toEqual([0, 20_000, 48_000, 90_000, 178_000]);
    expect(moments.map((m) => m.assessment?.label ?? '')).toEqual(['', 'wrong', '', 'correct', '']);
    expect(timeline(run({ signalAt: null, outcome: 'cut-off' })).map((m) => m.text)).toEqual([
      'The drill started.',
      'The demo stack stopped.',
    ]);
  });
  it('counts from the first symptoms', () => {
    expect(offset(89_000, 48_000)).toBe('+41 s');
    expect(offset(20_000, 48_000)).toBe('');
    expect(offset(20_000, null)).toBe('');
  });
});

describe('a person’s best result', () => {
  const d = { scenario: 'cache-loss' as const, run: 'r', passed: true, firstActionS: 22, tries: 2 };
  it('distinguishes attempted from passed', () => {
    expect(best(d)).toMatchObject({ text: 'best 22 s, 2 attempts', status: { label: 'passed' } });
    expect(best({ ...d, passed: false, firstActionS: null, tries: 1 })).toMatchObject({
      text: 'no correct first action, 1 attempt',
      status: { label: 'failed' },
    });
    expect(best({ ...d, run: null })).toMatchObject({ text: '2 attempts, none completed' });
    expect(best({ ...d, run: null, tries: 0 }).status.label).toBe('not attempted');
    expect(best(null).status.label).toBe('not attempted');
  });
});

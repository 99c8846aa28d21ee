import { describe, expect, it } from 'vitest';
import type { DrillAction, MeasuredGoal, DrillRun } from '../contract';
import { after, bar, best, offset, outcome, sight, timeline, titleOf, verdict } from './drill-words';

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

describe('a drill that goes on', () => {
  it('says whether anything can be seen, and for how long', () => {
    expect(sight({ signalAt: null }, 9e9)).toBe('nothing can be seen yet');
    expect(sight({ signalAt: 1000 }, 73_000)).toBe('can be seen for 1 min 12 s');
    expect(sight({ signalAt: 5000 }, 4000)).toBe('can be seen for 0 s');
  });
  it('has no title that would give it away', () => {
    expect(titleOf(null, null)).toBeNull();
    expect(titleOf(null, 'cache-loss')).toBe('Cache loss');
  });
});

describe('a goal', () => {
  it('says its time', () =>
    expect([null, 0, -1, 41.9, 71].map((s) => after(s))).toEqual(['–', 'at once', 'at once', '41 s', '1 min 11 s']));
  it('fills its bar up to the limit, and shows the limit when it was passed', () => {
    expect(bar({ afterS: 75, limitS: 300 })).toEqual({ fill: 0.25, limit: null });
    expect(bar({ afterS: 300, limitS: 300 })).toEqual({ fill: 1, limit: null });
    expect(bar({ afterS: 600, limitS: 300 })).toEqual({ fill: 1, limit: 0.5 });
    expect(bar({ afterS: null, limitS: 300 })).toEqual({ fill: 0, limit: null });
    expect(bar({ afterS: 0, limitS: 0 })).toEqual({ fill: 0, limit: null });
  });
});

describe('a report', () => {
  it('says first how it came out', () => {
    expect(verdict(run({})).text).toBe('Every goal in time, and nothing that did harm. Over after 2 min 58 s.');
    expect(
      verdict(
        run({ passed: false, measures: [measure('late', 400), measure('missed', null)], acts: [act(1, 'wrong')] }),
      ).text,
    ).toBe('1 goal too late, 1 goal not reached, 1 act did harm or did not help. Over after 2 min 58 s.');
    expect(verdict(run({ outcome: 'given-up', passed: false })).title).toBe('Given up');
    expect(verdict(run({ outcome: 'running', passed: null, endedAt: null })).title).toBe('It goes on');
  });
  it('calls only a resolved drill passed or not', () => {
    expect(outcome({ outcome: 'resolved', passed: true }).word).toBe('passed');
    expect(outcome({ outcome: 'resolved', passed: false }).word).toBe('not passed');
    expect(outcome({ outcome: 'given-up', passed: false }).word).toBe('given up');
  });
  it('puts what was done between begin, first sight and end', () => {
    const moments = timeline(run({ acts: [act(90_000, 'right'), act(20_000, 'wrong')] }));
    expect(moments.map((m) => m.at)).toEqual([0, 20_000, 48_000, 90_000, 178_000]);
    expect(moments.map((m) => m.word?.word ?? '')).toEqual(['', 'wrong', '', 'right', '']);
    expect(timeline(run({ signalAt: null, outcome: 'cut-off' })).map((m) => m.text)).toEqual([
      'The drill began.',
      'The demo stack ended.',
    ]);
  });
  it('counts from when it could be seen', () => {
    expect(offset(89_000, 48_000)).toBe('+41 s');
    expect(offset(20_000, 48_000)).toBe('');
    expect(offset(20_000, null)).toBe('');
  });
});

describe('the best of a person', () => {
  const d = { scenario: 'cache-loss' as const, run: 'r', passed: true, firstActionS: 22, tries: 2 };
  it('tells tried from passed', () => {
    expect(best(d)).toMatchObject({ text: 'best 22 s, 2 tries', word: { word: 'passed' } });
    expect(best({ ...d, passed: false, firstActionS: null, tries: 1 })).toMatchObject({
      text: 'no first action, 1 try',
      word: { word: 'not passed' },
    });
    expect(best({ ...d, run: null })).toMatchObject({ text: '2 tries, none to its end' });
    expect(best({ ...d, run: null, tries: 0 }).word.word).toBe('not tried');
    expect(best(null).word.word).toBe('not tried');
  });
});

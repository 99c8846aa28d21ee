import { describe, expect, it } from 'vitest';
import type { TrainingBoard, TrainingDrill, TrainingStep } from '../../lib/contract';
import {
  byHand,
  done,
  firstActionTime,
  isDone,
  isTraining,
  loss,
  names,
  personOf,
  progress,
  reportOf,
  taskObstacle,
} from './training-labels';

const board: TrainingBoard = { tasks: [], people: [], me: 'alice' };
const bob = { ...personOf(board, 'bob') };

describe('the address of the training page', () => {
  it('contains the ID of the open report', () => {
    expect(
      ['training', 'training~d-1', 'training~', 'own/training', null].map((t) => [isTraining(t), reportOf(t)]),
    ).toEqual([
      [true, null],
      [true, 'd-1'],
      [true, null],
      [false, null],
      [false, null],
    ]);
  });
});

describe('a person', () => {
  it('matches regardless of case and spaces', () =>
    expect(personOf({ ...board, people: [bob] }, ' BOB').name).toBe('bob'));
  it('has every task open when not on the list', () => {
    expect(progress(personOf(board, 'alice'))).toBe('0 of 6');
    expect(personOf(board, 'alice').drills).toHaveLength(5);
  });
  it('appears once in the selection, including the local user and the selected person', () => {
    expect(names({ ...board, people: [bob, personOf(board, 'alice')] }, 'bob')).toEqual(['alice', 'bob']);
    expect(names({ ...board, me: 'Bob', people: [bob] }, 'BOB')).toEqual(['bob']);
    expect(names({ ...board, me: '' }, 'carol')).toEqual(['carol']);
  });
  it('loses completed tasks when removed', () => {
    const steps: TrainingStep[] = bob.steps.map((s, i) => ({ ...s, doneAt: i < 2 ? 1 : null }));
    expect(done({ ...bob, steps })).toBe(2);
    expect(loss({ ...bob, steps })).toMatch(/^The records of 2 completed tasks are deleted/);
    expect(loss(bob)).toMatch(/nothing is lost/);
  });
});

it('a task verified by the panel cannot be undone', () => {
  const step: TrainingStep = { task: 'quick-check', doneAt: 1, by: '', evidence: 'Quick check of 12:40.' };
  expect([
    byHand(step),
    byHand({ ...step, by: 'bob', evidence: '' }),
    byHand({ ...step, doneAt: null, evidence: '' }),
  ]).toEqual([false, true, false]);
});

describe('a task', () => {
  it('is done when it has a completion time', () => {
    const steps = bob.steps.map((s) => (s.task === 'quick-check' ? { ...s, doneAt: 1 } : s));
    expect([isDone({ ...bob, steps }, 'quick-check'), isDone({ ...bob, steps }, 'maintenance')]).toEqual([true, false]);
  });
  it('states why it cannot be started here', () => {
    const here = { grafanaUrl: 'http://localhost:3000', drillOffered: true, drillRunning: false };
    expect(taskObstacle('vip-drill', here)).toBe('');
    expect(taskObstacle('vip-drill', { ...here, drillRunning: true })).not.toBe('');
    expect(taskObstacle('vip-drill', { ...here, drillOffered: false })).not.toBe(
      taskObstacle('vip-drill', { ...here, drillRunning: true }),
    );
    expect(taskObstacle('bookmark-grafana', { ...here, grafanaUrl: '' })).not.toBe('');
    expect(taskObstacle('maintenance', { grafanaUrl: '', drillOffered: false, drillRunning: true })).toBe('');
  });
});

it('time to the first action is in seconds below 100, and empty without one', () => {
  const drill = (firstActionS: number | null): TrainingDrill =>
    ({ run: 'd-1', firstActionS }) as unknown as TrainingDrill;
  expect([drill(99.9), drill(-1), drill(130), drill(null), null].map(firstActionTime)).toEqual([
    '99 s',
    '0 s',
    '2 min',
    '',
    '',
  ]);
});

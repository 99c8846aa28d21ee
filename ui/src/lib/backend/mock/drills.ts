// Made-up drills and training: people, drills that were, and one that can be gone through from its start to its report.
import type {
  DrillAction,
  DrillRun,
  DrillScenario,
  DrillStatus,
  PanelError,
  TrainingBoard,
  TrainingPerson,
  TrainingStep,
  TrainingTask,
} from '../../contract';
import type { Handlers } from './context';
import { BIDI, type Scene } from './data';
import {
  FIRST_ACTIONS,
  NO_GOAL_REACHED,
  OPERATIONS,
  REMEDIES,
  SCENARIOS,
  TASKS,
  infoOf,
  measures,
  pastDrills,
  trainingSteps,
  type FirstAction,
} from './drill-history';

const fail = (code: PanelError['code'], message: string, hint = ''): PanelError => ({
  code,
  message,
  hint,
  retryable: false,
  source: 'drills',
  detail: '',
});
type DrillCommand =
  | 'drill_list'
  | 'drill_start'
  | 'drill_notice'
  | 'drill_operate'
  | 'drill_end'
  | 'drill_report'
  | 'training_board'
  | 'training_mark'
  | 'training_person';

const openSteps = (): TrainingStep[] => TASKS.map(({ task }) => ({ task, doneAt: null, by: '', evidence: '' }));

export function drillDesk(scene: Scene, mode: string, now: number, changed: () => void) {
  const refused =
    mode === 'none'
      ? 'This stack is not a demo stack. Drills run in a demo stack only, never against real servers. Start one with `cargo xtask demo` and select its stack.'
      : '';
  const me = scene === 'hostile' ? BIDI : 'alice';
  let runs = pastDrills(scene, now);
  const people = trainingSteps(scene, now);
  let revision = 1;
  let running: { run: DrillRun; scenario: DrillScenario; reachedAt: (number | null)[]; acts: DrillAction[] } | null =
    null;
  const start = (
    scenario: DrillScenario,
    named: boolean,
    person: string,
    startedAt: number,
    signalAt: number | null,
    pace: DrillRun['pace'],
  ): DrillRun => {
    const run: DrillRun = {
      id: `d-new-${revision}`,
      stack: 'production',
      person,
      scenario: named ? scenario : null,
      pace,
      startedAt,
      signalAt,
      endedAt: null,
      outcome: 'running',
      passed: null,
      measures: measures(infoOf(scenario), null, [...NO_GOAL_REACHED], false),
      acts: [],
    };
    running = { run, scenario, reachedAt: [...NO_GOAL_REACHED], acts: [] };
    return run;
  };
  if (mode === 'on')
    start(
      'rerank-runaway',
      false,
      scene === 'hostile' ? BIDI.repeat(3).slice(0, 80) : 'alice',
      now - 124_000,
      now - 72_000,
      'short',
    );
  if (mode === 'quiet') start('cache-loss', true, scene === 'hostile' ? BIDI : 'alice', now - 21_000, null, 'full');

  const runningDrill = (): NonNullable<typeof running> => {
    if (!running) throw fail('not-found', 'No drill is running in this stack.');
    return running;
  };
  const reach = (goal: number): void => {
    if (running) running.reachedAt[goal] ??= Date.now();
  };
  const act = (text: string, worth: DrillAction['worth'], why = ''): void =>
    void running?.acts.push({ at: Date.now(), text, worth, why });
  function end(outcome: DrillRun['outcome']): DrillRun {
    const { run, scenario, reachedAt, acts } = runningDrill();
    const goals = measures(infoOf(scenario), run.signalAt, reachedAt, true);
    const ended: DrillRun = {
      ...run,
      scenario,
      endedAt: Date.now(),
      outcome,
      measures: goals,
      acts,
      passed: outcome === 'resolved' && goals.every((m) => m.mark === 'pass') && acts.every((a) => a.worth !== 'wrong'),
    };
    running = null;
    runs = [ended, ...runs];
    revision += 1;
    if (!people.has(ended.person)) people.set(ended.person, openSteps());
    if (ended.passed && scenario === 'vip-low-confidence')
      setStep(ended.person, 'vip-drill', {
        doneAt: Date.now(),
        by: '',
        evidence: 'Did the right first action, and resolved it.',
      });
    changed();
    return ended;
  }
  function setStep(person: string, task: TrainingTask, step: Omit<TrainingStep, 'task'>): void {
    const steps = people.get(person) ?? openSteps();
    people.set(
      person,
      steps.map((s) => (s.task === task ? { ...s, ...step } : s)),
    );
  }
  function board(): TrainingBoard {
    if (scene === 'never')
      throw fail(
        'storage',
        'Could not read the training list in /home/alice/.local/share/aetherlink.',
        'Check that this account owns it.',
      );
    const personOf = (name: string, steps: TrainingStep[]): TrainingPerson => ({
      name,
      steps,
      drills: SCENARIOS.map(({ scenario }) => {
        const attempts = runs.filter((r) => r.person === name && r.scenario === scenario && r.outcome !== 'cut-off');
        const firstActionS = (r: DrillRun): number => r.measures[2]?.afterS ?? Infinity;
        const best = [...attempts].sort(
          (a, b) =>
            Number(b.passed) - Number(a.passed) ||
            (firstActionS(a) === firstActionS(b) ? 0 : firstActionS(a) - firstActionS(b)),
        )[0];
        return {
          scenario,
          run: best?.id ?? null,
          passed: best?.passed ?? false,
          firstActionS: best?.measures[2]?.afterS ?? null,
          tries: attempts.length,
        };
      }),
    });
    return { tasks: TASKS, people: [...people].map(([name, steps]) => personOf(name, steps)), me };
  }
  /** Nothing is read while the scene loads. */
  const loaded = async (): Promise<void> => {
    if (scene === 'loading') await new Promise(() => {});
  };

  const handlers: Handlers<DrillCommand> = {
    drill_list: async () => {
      await loaded();
      if (scene === 'never')
        throw fail(
          'storage',
          'Could not read the drills in /home/alice/.local/share/aetherlink.',
          'Check that this account owns it.',
        );
      return {
        refused,
        scenarios: SCENARIOS,
        operations: OPERATIONS,
        runs: running ? [running.run, ...runs] : runs,
      };
    },
    drill_start: ({ scenario, pace, person }) => {
      if (refused) throw fail('invalid-request', 'There can be no drill in this stack.', refused);
      if (running) throw fail('invalid-request', 'A drill is already running.', 'End it first.');
      if (person === 'fail')
        throw fail('refused', 'The simulator of the demo stack does not answer.', 'Start the demo again.');
      revision += 1;
      const run = start(scenario ?? 'cache-loss', scenario !== null, person || me, Date.now(), null, pace);
      changed();
      setTimeout(() => {
        if (running?.run.id === run.id) {
          running.run = { ...running.run, signalAt: Date.now() };
          changed();
        }
      }, 700);
      return run;
    },
    drill_notice: () => {
      const { run } = runningDrill();
      if (run.signalAt === null)
        throw fail(
          'invalid-request',
          'There is nothing to be seen yet.',
          'Watch the alerts, and say so when you see it.',
        );
      reach(0);
      act('Said that it was seen.', 'right');
      return {};
    },
    drill_operate: ({ operation }) => {
      const { scenario, run } = runningDrill();
      const title = OPERATIONS.find((o) => o.operation === operation)?.title ?? operation;
      if (REMEDIES[scenario] !== operation) {
        act(`${title}.`, 'wrong', 'It was not what had failed.');
        return { worked: false, text: 'It changed nothing: this was not the cause.' };
      }
      act(`${title}.`, 'right');
      setTimeout(() => {
        if (running?.run.id === run.id) {
          reach(3);
          end('resolved');
        }
      }, 1500);
      return { worked: true, text: 'Done. The servers need a moment to show it.' };
    },
    drill_end: () => {
      runningDrill();
      return end('given-up');
    },
    drill_report: ({ id }) => {
      const run = runs.find((r) => r.id === id);
      if (!run) throw fail('not-found', 'This stack has no drill with this id that is over.');
      return { markdown: `# Drill: ${infoOf(run.scenario ?? 'cache-loss').title}\n\n${run.outcome}\n` };
    },
    training_board: async () => {
      await loaded();
      return board();
    },
    training_mark: ({ person, task, done, by }) => {
      const step = people.get(person)?.find((s) => s.task === task);
      if (!done && step?.evidence) throw fail('invalid-request', 'A task verified by the panel cannot be undone.');
      setStep(person, task, { doneAt: done ? Date.now() : null, by: done ? by || me : '', evidence: '' });
      return board();
    },
    training_person: ({ name, remove }) => {
      if (!name.trim() || name.length > 80) throw fail('invalid-request', 'A name has 1 to 80 characters.');
      if (name === 'fail') throw fail('storage', 'Could not write the training list.', 'Make room on the disk.');
      if (remove) people.delete(name);
      else people.set(name, openSteps());
      return board();
    },
  };

  return {
    status: (): DrillStatus => ({
      offered: refused === '' && scene !== 'never',
      running: running?.run ?? null,
      revision,
    }),
    /** A page was opened: whether it was the right one. */
    opened(page: string): void {
      if (!running) return;
      const right = infoOf(running.scenario).runbook === page;
      if (right) reach(1);
      act(`Opened the runbook ${page}.`, right ? 'right' : 'neutral');
    },
    /** Something was done in the panel: whether it was the right first action. */
    did(action: FirstAction): void {
      if (!running) return;
      const { run, scenario } = running;
      const [right, text] = FIRST_ACTIONS[scenario];
      if (action !== right) return;
      reach(2);
      act(text, 'right');
      if (action === 'end-silence')
        setTimeout(() => {
          if (running?.run.id === run.id) {
            reach(3);
            end('resolved');
          }
        }, 1500);
    },
    handlers,
  };
}

// Made-up drills and training: people, drills that were, and one that can be gone through from its start to its report.
import type {
  DrillAction,
  DrillList,
  DrillOperateRequest,
  DrillRequest,
  DrillRun,
  DrillScenario,
  DrillStartRequest,
  DrillStatus,
  PanelError,
  TrainingBoard,
  TrainingMarkRequest,
  TrainingPerson,
  TrainingPersonRequest,
  TrainingStep,
  TrainingTask,
} from '../../contract';
import type { Handlers } from './context';
import { BIDI, type Scene } from './data';
import {
  SCENARIOS,
  type Did,
  FIRST,
  RIGHT,
  OPERATIONS,
  OPEN,
  TASKS,
  measures,
  infoOf,
  history,
  said,
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

export function drillDesk(scene: Scene, mode: string, now: number, changed: () => void) {
  const refused =
    mode === 'none'
      ? 'This stack is not a demo stack. Drills run in a demo stack only, never against real servers. Start one with `cargo xtask demo` and select its stack.'
      : '';
  const me = scene === 'hostile' ? BIDI : 'alice';
  let runs = history(scene, now);
  const people = said(scene, now);
  let revision = 1;
  let live: { run: DrillRun; scenario: DrillScenario; at: (number | null)[]; acts: DrillAction[] } | null = null;
  const start = (
    scenario: DrillScenario,
    told: boolean,
    person: string,
    startedAt: number,
    signalAt: number | null,
    pace: DrillRun['pace'],
  ): DrillRun => {
    const run: DrillRun = {
      id: `d-new-${revision}`,
      stack: 'production',
      person,
      scenario: told ? scenario : null,
      pace,
      startedAt,
      signalAt,
      endedAt: null,
      outcome: 'running',
      passed: null,
      measures: [],
      acts: [],
    };
    live = { run, scenario, at: [...OPEN], acts: [] };
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

  const need = (): NonNullable<typeof live> => {
    if (!live) throw fail('not-found', 'No drill is running in this stack.');
    return live;
  };
  const reach = (goal: number): void => {
    if (live) live.at[goal] ??= Date.now();
  };
  const act = (text: string, worth: DrillAction['worth'], why = ''): void =>
    void live?.acts.push({ at: Date.now(), text, worth, why });
  function over(outcome: DrillRun['outcome']): DrillRun {
    const { run, scenario, at, acts } = need();
    const list = measures(infoOf(scenario), run.signalAt, at, true);
    const ended: DrillRun = {
      ...run,
      scenario,
      endedAt: Date.now(),
      outcome,
      measures: list,
      acts,
      passed: outcome === 'resolved' && list.every((m) => m.mark === 'pass') && acts.every((a) => a.worth !== 'wrong'),
    };
    live = null;
    runs = [ended, ...runs];
    revision += 1;
    if (!people.has(ended.person))
      people.set(
        ended.person,
        TASKS.map((t) => ({ task: t.task, doneAt: null, by: '', evidence: '' })),
      );
    if (ended.passed && scenario === 'vip-low-confidence')
      set(ended.person, 'vip-drill', {
        doneAt: Date.now(),
        by: '',
        evidence: 'Did the right first action, and resolved it.',
      });
    changed();
    return ended;
  }
  function set(person: string, which: TrainingTask, to: Omit<TrainingStep, 'task'>): void {
    const steps =
      people.get(person) ?? TASKS.map((t): TrainingStep => ({ task: t.task, doneAt: null, by: '', evidence: '' }));
    people.set(
      person,
      steps.map((s) => (s.task === which ? { ...s, ...to } : s)),
    );
  }
  function board(): TrainingBoard {
    if (scene === 'never')
      throw fail(
        'storage',
        'Could not read the training list in /home/alice/.local/share/aetherlink.',
        'Check that this account owns it.',
      );
    const of = (name: string, steps: TrainingStep[]): TrainingPerson => ({
      name,
      steps,
      drills: SCENARIOS.map(({ scenario }) => {
        const mine = runs.filter((r) => r.person === name && r.scenario === scenario);
        const first = (r: DrillRun): number => r.measures[2]?.afterS ?? Infinity;
        const tried = mine.filter((r) => r.outcome !== 'cut-off');
        const top = [...tried].sort(
          (a, b) => Number(b.passed) - Number(a.passed) || (first(a) === first(b) ? 0 : first(a) - first(b)),
        )[0];
        return {
          scenario,
          run: top?.id ?? null,
          passed: top?.passed ?? false,
          firstActionS: top?.measures[2]?.afterS ?? null,
          tries: tried.length,
        };
      }),
    });
    return { tasks: TASKS, people: [...people].map(([name, steps]) => of(name, steps)), me };
  }
  const wait = async (): Promise<void> => {
    if (scene === 'loading') await new Promise(() => {});
  };

  const handlers: Handlers<DrillCommand> = {
    drill_list: async (): Promise<DrillList> => {
      await wait();
      if (scene === 'never')
        throw fail(
          'storage',
          'Could not read the drills in /home/alice/.local/share/aetherlink.',
          'Check that this account owns it.',
        );
      return {
        refused,
        scenarios: SCENARIOS,
        operations: OPERATIONS.map(([operation, title]) => ({ operation, title })),
        runs: live ? [live.run, ...runs] : runs,
      };
    },
    drill_start: ({ scenario, pace, person }: DrillStartRequest): DrillRun => {
      if (refused) throw fail('invalid-request', 'There can be no drill in this stack.', refused);
      if (live) throw fail('invalid-request', 'A drill is already running.', 'End it first.');
      if (person === 'fail')
        throw fail('refused', 'The simulator of the demo stack does not answer.', 'Start the demo again.');
      revision += 1;
      const run = start(scenario ?? 'cache-loss', scenario !== null, person || me, Date.now(), null, pace);
      changed();
      setTimeout(() => {
        if (live?.run.id === run.id) {
          live.run = { ...live.run, signalAt: Date.now() };
          changed();
        }
      }, 700);
      return run;
    },
    drill_notice: (): Record<string, never> => {
      const { run } = need();
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
    drill_operate: ({ operation }: DrillOperateRequest) => {
      const { scenario, run } = need();
      const title = OPERATIONS.find(([o]) => o === operation)?.[1] ?? operation;
      if (RIGHT[scenario] !== operation) {
        act(`${title}.`, 'wrong', 'It was not what had failed.');
        return { worked: false, text: 'It changed nothing: this was not the cause.' };
      }
      act(`${title}.`, 'right');
      setTimeout(() => {
        if (live?.run.id === run.id) {
          reach(3);
          over('resolved');
        }
      }, 1500);
      return { worked: true, text: 'Done. The servers need a moment to show it.' };
    },
    drill_end: (): DrillRun => {
      need();
      return over('given-up');
    },
    drill_report: ({ id }: DrillRequest) => {
      const run = runs.find((r) => r.id === id);
      if (!run) throw fail('not-found', 'This stack has no drill with this id that is over.');
      return { markdown: `# Drill: ${infoOf(run.scenario ?? 'cache-loss').title}\n\n${run.outcome}\n` };
    },
    training_board: async (): Promise<TrainingBoard> => {
      await wait();
      return board();
    },
    training_mark: ({ person, task: which, done, by }: TrainingMarkRequest): TrainingBoard => {
      const step = people.get(person)?.find((s) => s.task === which);
      if (!done && step?.evidence) throw fail('invalid-request', 'A task verified by the panel cannot be undone.');
      set(person, which, { doneAt: done ? Date.now() : null, by: done ? by || me : '', evidence: '' });
      return board();
    },
    training_person: ({ name, remove }: TrainingPersonRequest): TrainingBoard => {
      if (!name.trim() || name.length > 80) throw fail('invalid-request', 'A name has 1 to 80 characters.');
      if (name === 'fail') throw fail('storage', 'Could not write the training list.', 'Make room on the disk.');
      if (remove) people.delete(name);
      else
        people.set(
          name,
          TASKS.map((t) => ({ task: t.task, doneAt: null, by: '', evidence: '' })),
        );
      return board();
    },
  };

  return {
    status: (): DrillStatus => ({ offered: refused === '' && scene !== 'never', running: live?.run ?? null, revision }),
    /** A page was opened: whether it was the right one. */
    opened(page: string): void {
      if (!live) return;
      const right = infoOf(live.scenario).runbook === page;
      if (right) reach(1);
      act(`Opened the runbook ${page}.`, right ? 'right' : 'neutral');
    },
    /** Something was done in the panel: whether it was the right first action. */
    did(what: Did): void {
      if (!live) return;
      const { run, scenario } = live;
      const [right, text] = FIRST[scenario];
      if (what !== right) return;
      reach(2);
      act(text, 'right');
      if (what === 'end')
        setTimeout(() => {
          if (live?.run.id === run.id) {
            reach(3);
            over('resolved');
          }
        }, 1500);
    },
    handlers,
  };
}

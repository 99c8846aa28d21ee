// Made-up drills and training: people, drills that were, and one that can be gone through from its start to its report.
import type {
  DrillAction,
  DrillGoal,
  DrillList,
  MeasuredGoal,
  DrillOperateRequest,
  DrillOperation,
  DrillRequest,
  DrillRun,
  DrillScenario,
  DrillScenarioInfo,
  DrillStartRequest,
  DrillStatus,
  PanelError,
  TrainingBoard,
  TrainingMarkRequest,
  TrainingPerson,
  TrainingPersonRequest,
  TrainingStep,
  TrainingTask,
  TrainingTaskInfo,
} from '../../contract';
import { BIDI, type Scene } from './data';

const fail = (code: PanelError['code'], message: string, hint = ''): PanelError => ({
  code,
  message,
  hint,
  retryable: false,
  source: 'drills',
  detail: '',
});
const about = (
  scenario: DrillScenario,
  title: string,
  text: string,
  first: string,
  runbook: string,
  lookWithinS: number,
  callWithinS: number,
): DrillScenarioInfo => ({ scenario, title, about: text, first, runbook, lookWithinS, callWithinS });
const SCENARIOS = [
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
type Did = 'ack' | 'step' | 'end' | 'ask';
/** The right first action, and what it says in the report. */
const FIRST: Record<DrillScenario, [Did, string]> = {
  'vip-low-confidence': ['ack', 'Acknowledged LowConfidenceSpikeVIP of vip-customer-123.'],
  'cache-loss': ['ack', 'Acknowledged CacheEffectivenessDropVIP of partner-abc.'],
  'rerank-runaway': ['step', 'Asked a step of the runbook.'],
  'bad-silence': ['end', 'Ended the silence.'],
  'prometheus-down': ['ask', 'Asked every server.'],
};
const RIGHT: Record<DrillScenario, DrillOperation | null> = {
  'vip-low-confidence': 'roll-back',
  'cache-loss': 'restore-cache',
  'rerank-runaway': 'reset-reranker',
  'bad-silence': null,
  'prometheus-down': 'start-prometheus',
};
const OPERATIONS: [DrillOperation, string][] = [
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
const TASKS = [
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
const OPEN = GOALS.map(() => null);

function measures(
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

const infoOf = (scenario: DrillScenario): DrillScenarioInfo =>
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

function history(scene: Scene, now: number): DrillRun[] {
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

function said(scene: Scene, now: number): Map<string, TrainingStep[]> {
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
    verbs: {
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
    },
  };
}

// Comparing a backup with a server and restoring it: dashboards, alerting, files and Prometheus' data.
import type { RestoreRun } from '../../../contract';
import { pause, required, type Handlers, type MockContext } from '../context';
import { refused } from '../data';
import { comparison, dataPlan, jsonDiff, plan, run } from '../restore';
import type { BackupStore } from './backups';

type RestoreCommand =
  | 'backup_compare'
  | 'backup_diff'
  | 'restore_plan'
  | 'restore_apply'
  | 'restore_runs'
  | 'restore_undo'
  | 'data_restore_plan'
  | 'data_restore_apply'
  | 'data_restore_check';

export function restoreCommands(context: MockContext, store: BackupStore): Handlers<RestoreCommand> {
  const { scene, openedAt } = context;
  let runs: RestoreRun[] =
    scene === 'loaded'
      ? [
          run(
            41,
            {
              id: store.all()[1]?.id ?? '',
              uids: ['aether-rag-ops', 'tenant-costs'],
              choices: {},
              what: 'dashboards',
              otherwise: null,
              dataSources: {},
              intoFolder: null,
              intoStack: null,
            },
            openedAt - 20 * 60_000,
            'done',
          ),
        ]
      : [];
  return {
    backup_compare: ({ from, to }) => comparison(from, to, scene, openedAt),
    backup_diff: async () => {
      await pause(60);
      return { text: jsonDiff() };
    },
    restore_plan: async (request) => {
      await pause(60);
      if (scene === 'stale') throw refused('Grafana', 3000);
      return plan(request, scene, openedAt);
    },
    restore_apply: async ({ request }) => {
      await pause(100);
      const finished = run(50 + runs.length, request, Date.now(), 'done');
      runs = [finished, ...runs];
      store.replace([...store.all()]);
      return finished;
    },
    restore_runs: () => ({ runs }),
    restore_undo: ({ id }) => {
      const finished = required(
        runs.find((r) => r.id === id),
        'There is no such restore.',
      );
      const undone: RestoreRun = {
        ...finished,
        state: 'undone',
        canUndo: false,
        items: finished.items.map((i) => ({ ...i, undone: true })),
      };
      runs = runs.map((r) => (r.id === id ? undone : r));
      store.replace([...store.all()]);
      return undone;
    },
    data_restore_plan: async ({ id }) => {
      await pause(60);
      return dataPlan(id, scene, openedAt);
    },
    data_restore_apply: async ({ id }) => {
      await pause(context.stepMs(60));
      return {
        id,
        answered: 14,
        expected: 14,
        kept: `/prometheus/.before-${id}`,
        notes: [
          `The previous data is in /prometheus/.before-${id} in the container aether-prom. Delete it when you no longer need it.`,
        ],
      };
    },
    data_restore_check: ({ id }) => ({
      id,
      answered: 12,
      expected: 14,
      kept: '',
      notes: ['Of the block 01JCQ03ZX4K8F7W2Q9T3M5N6P no sample is answered with.'],
    }),
  };
}

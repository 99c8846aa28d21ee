// The Backups screen: making, opening, verifying, exporting and deleting backups.
import type { Backup, Job, Snapshot } from '../../../contract';
import { archives, backups as madeUpBackups, detail, file, imported, list, prunePlan } from '../backups';
import { fail, pause, required, type Handlers, type MockContext } from '../context';

/** The backups of a stack, as several commands read and change them. */
export interface BackupStore {
  all(): Backup[];
  byId(id: string): Backup;
  replace(next: Backup[]): void;
  committed: Set<string>;
}

type BackupCommand =
  | 'backup_list'
  | 'backup_create'
  | 'backup_show'
  | 'backup_file'
  | 'backup_verify'
  | 'backup_export'
  | 'backup_import'
  | 'backup_archives'
  | 'backup_pin'
  | 'backup_find'
  | 'backup_commit'
  | 'backup_prune_plan'
  | 'backup_delete'
  | 'job_cancel';

const changedSince = (action: string) =>
  fail(
    'invalid-request',
    `grafana/dashboards/rag-ops.json does not match its checksum, so the backup was not ${action}.`,
    'Verify the backup to see all that changed.',
  );

export const copyRefused = (): ReturnType<typeof fail> => changedSince('copied');

export function backupCommands(context: MockContext) {
  const { scene, query, openedAt } = context;
  let backups = madeUpBackups(scene, openedAt);
  let revision = 1;
  const committed = new Set<string>();
  let job: Job | null =
    query.get('job') === 'on'
      ? {
          id: 1,
          title: 'Backup',
          stage: 'copying blocks',
          done: 61,
          total: 154,
          bytes: 612_000_000,
          startedAt: openedAt - 9000,
          etaS: 14,
          cancelling: false,
        }
      : null;

  const summary = (): Snapshot['backups'] => ({
    revision,
    count: scene === 'loading' ? null : backups.length,
    newest: backups.find((b) => !b.safety) ?? null,
    error:
      scene === 'never'
        ? {
            code: 'storage',
            message: 'Could not read the folder /home/alice/backups/production.',
            hint: 'Check that this account owns it.',
            retryable: false,
            source: 'backups',
            detail: 'Permission denied (os error 13)',
          }
        : null,
    job,
  });
  const store: BackupStore = {
    all: () => backups,
    byId: (id) =>
      required(
        backups.find((b) => b.id === id),
        `Backup “${id}” not found.`,
      ),
    replace(next) {
      backups = next;
      revision += 1;
      context.publish({ backups: summary() });
    },
    committed,
  };
  const showJob = (next: Job | null): void => {
    job = next;
    context.publish({ backups: summary() });
  };

  const handlers: Handlers<BackupCommand> = {
    backup_list: () => {
      if (scene === 'never')
        throw fail(
          'storage',
          'Could not read the folder /home/alice/backups/production.',
          'Check that this account owns it.',
        );
      return list(backups, revision);
    },
    backup_create: async ({ reason, createdBy }) => {
      if (reason.trim() === '') throw fail('invalid-request', 'Enter a reason for the backup.');
      for (let done = 0; done < 42; done += 7) {
        showJob({
          id: 2,
          title: 'Backup',
          stage: 'dashboards',
          done,
          total: 42,
          bytes: done * 30_000,
          startedAt: Date.now(),
          etaS: null,
          cancelling: false,
        });
        await pause(context.stepMs(20));
      }
      job = null;
      if (reason === 'fail') {
        showJob(null);
        throw fail(
          'storage',
          'Could not write /home/alice/backups/production/.partial-x.',
          'Free disk space and try again.',
        );
      }
      const model = backups.find((b) => b.verdict === 'verified') ?? madeUpBackups('loaded', openedAt)[1];
      if (!model) throw fail('internal', 'There is no made-up backup.');
      const backup = {
        ...model,
        id: '2026-11-27_14-05',
        madeAt: Date.now(),
        reason,
        createdBy: createdBy || 'alice',
        pinned: false,
      };
      store.replace([backup, ...backups]);
      return backup;
    },
    backup_show: ({ id }) => ({
      ...detail(store.byId(id), scene, openedAt),
      git:
        scene === 'loaded' ? { root: '/srv/backups', branch: 'main', committed: committed.has(id), problem: '' } : null,
    }),
    backup_file: ({ path }) => file(path),
    backup_verify: async ({ id }) => {
      const backup = store.byId(id);
      if (backup.verdict === 'foreign')
        throw fail('invalid-request', `${id} was made by another tool and has no hashes to hold it against.`);
      await pause(200);
      if (backup.verdict !== 'changed' && backup.verdict !== 'incomplete')
        store.replace(backups.map((b) => (b.id === id ? { ...b, verdict: 'verified', verifiedAt: Date.now() } : b)));
      return {
        id,
        files: backup.files,
        bytes: backup.bytes,
        whole: true,
        problems: backup.verdict === 'changed' ? backup.problems : [],
      };
    },
    backup_archives: () => archives(scene, openedAt),
    backup_export: async ({ id, format }) => {
      if (store.byId(id).verdict === 'changed') throw changedSince('exported');
      await pause(150);
      return {
        path: `/home/alice/Downloads/production_${id}.tar.${format === 'zstd' ? 'zst' : 'gz'}`,
        bytes: 406_000_000,
        files: store.byId(id).files,
      };
    },
    backup_import: async ({ path }) => {
      await pause(200);
      if (!/\.(tar|tgz|tar\.gz|tar\.zst)$/.test(path))
        throw fail(
          'invalid-request',
          `${path.split('/').at(-1)} can't be used: it is cut short, or no archive (.tar, .tar.gz or .tar.zst).`,
        );
      const backup = imported(path, openedAt);
      if (backups.some((b) => b.id === backup.id))
        throw fail('invalid-request', `This backup is here already: ${backup.id}.`);
      store.replace([backup, ...backups].sort((a, b) => b.madeAt - a.madeAt));
      return backup;
    },
    backup_pin: ({ id, pinned }) => {
      store.replace(backups.map((b) => (b.id === id ? { ...b, pinned } : b)));
      return list(backups, revision);
    },
    backup_find: ({ query: text }) => ({
      found: backups
        .filter((b) => !b.safety)
        .flatMap((b) =>
          detail(b, scene, openedAt)
            .dashboards.filter((d) => d.title.toLowerCase().includes(text.toLowerCase()))
            .map((dashboard) => ({ backup: b.id, madeAt: b.madeAt, dashboard })),
        ),
      more: false,
    }),
    backup_commit: async ({ id }) => {
      await pause(100);
      committed.add(id);
      return { id, commit: '0436276f00d5c0ffee', message: `backup: ${id}` };
    },
    backup_prune_plan: ({ last }) => prunePlan(backups, last),
    backup_delete: ({ ids }) => {
      const deleted = backups.filter((b) => ids.includes(b.id) && !b.pinned);
      store.replace(backups.filter((b) => !deleted.includes(b)));
      return {
        deleted: deleted.map((b) => b.id),
        kept: ids.filter((id) => !deleted.some((b) => b.id === id)).map((id) => `${id}: it is pinned. Unpin it first.`),
        freedBytes: deleted.reduce((sum, b) => sum + b.bytes, 0),
      };
    },
    job_cancel: () => {
      showJob(job && { ...job, cancelling: true });
      return {};
    },
  };
  return { handlers, summary, store };
}

// Copies of backups in remote targets.
import { PLACES, prunePlan } from '../backups';
import { fail, pause, type Handlers, type MockContext } from '../context';
import { copyRefused, type BackupStore } from './backups';

type RemoteCommand =
  | 'backup_push'
  | 'backup_remote'
  | 'backup_remote_verify'
  | 'backup_remote_prune_plan'
  | 'backup_remote_delete'
  | 'backup_fetch';

export function remoteBackupCommands({ scene }: MockContext, store: BackupStore): Handlers<RemoteCommand> {
  return {
    backup_push: async ({ id, place }) => {
      const backup = store.byId(id);
      if (backup.verdict === 'changed') throw copyRefused();
      await pause(200);
      if (scene === 'stale') throw fail('timeout', `${place} did not answer within 60 seconds.`);
      store.replace(
        store.all().map((b) => (b.id === id ? { ...b, elsewhere: [...new Set([...b.elsewhere, place])] } : b)),
      );
      return { place, files: backup.files, there: 0, bytes: backup.bytes };
    },
    backup_remote: () => ({
      places: PLACES.map((place) => ({
        place,
        backups: store
          .all()
          .filter((b) => b.elsewhere.includes(place))
          .map((b) => ({ ...b, verdict: 'complete' as const })),
        unfinished: [],
        error: null,
      })),
    }),
    backup_remote_verify: ({ id }) => {
      const { files, bytes } = store.byId(id);
      return { id, files, bytes, whole: true, problems: [] };
    },
    backup_fetch: ({ id }) => {
      throw fail('invalid-request', `This backup is here already: ${id}.`);
    },
    backup_remote_prune_plan: ({ policy }) =>
      prunePlan(
        store.all().filter((b) => b.elsewhere.length > 0),
        policy.last,
      ),
    backup_remote_delete: ({ place, ids }) => {
      store.replace(
        store.all().map((b) => (ids.includes(b.id) ? { ...b, elsewhere: b.elsewhere.filter((p) => p !== place) } : b)),
      );
      return { deleted: ids, kept: [], freedBytes: 0 };
    },
  };
}

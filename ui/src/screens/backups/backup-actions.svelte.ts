// What can be done with one backup. Each action runs one command, reports its result as a notice, and holds the
// buttons while it runs.
import type { ArchiveFormat, BackupVerified } from '../../lib/contract';
import { asPanelError } from '../../lib/backend';
import { safe } from '../../lib/format/untrusted';
import { panel } from '../../lib/state/panel.svelte';
import { ui } from '../../lib/state/ui.svelte';
import { text } from '../../lib/text/backups';

export class BackupActions {
  readonly #id: string;
  busy = $state(false);
  /** Result of the last verification in this view. */
  verified = $state.raw<BackupVerified | null>(null);

  constructor(id: string) {
    this.#id = id;
  }

  verify(): Promise<void> {
    return this.#run(text.backup.verifyFailed, async () => {
      const result = await panel.call('backup_verify', { id: this.#id, sample: 0 });
      this.verified = result;
      if (result.problems.length === 0) ui.notify('ok', text.backup.verified(result.files, result.bytes));
    });
  }

  pin(pinned: boolean): Promise<void> {
    return this.#run(text.backup.pinFailed, async () => {
      await panel.call('backup_pin', { id: this.#id, pinned });
    });
  }

  export(format: ArchiveFormat): Promise<void> {
    return this.#run(text.backup.exportFailed, async () => {
      const archive = await panel.call('backup_export', { id: this.#id, format, folder: '' });
      ui.notify('ok', text.backup.exported(archive.bytes, safe(archive.path, 300)));
    });
  }

  copyTo(place: string): Promise<void> {
    return this.#run(text.backup.copyFailed, async () => {
      const copy = await panel.call('backup_push', { id: this.#id, place });
      ui.notify('ok', text.backup.copied(copy.files, safe(copy.place, 200)));
    });
  }

  commit(oncommitted: () => Promise<void>): Promise<void> {
    return this.#run(text.backup.commitFailed, async () => {
      const result = await panel.call('backup_commit', { id: this.#id });
      ui.notify('ok', text.backup.committed(result.commit.slice(0, 10), result.message));
      await oncommitted();
    });
  }

  /** Leaves for the list when the backup is deleted; a backup that was kept says why. */
  delete(ondone: () => void): Promise<void> {
    return this.#run(text.backup.deleteFailed, async () => {
      const result = await panel.call('backup_delete', { ids: [this.#id] });
      ondone();
      if (result.deleted.length > 0) {
        ui.notify('ok', text.backup.deleted(this.#id, result.freedBytes));
        ui.go('backups');
      } else ui.notify('none', result.kept[0] ?? text.backup.deleteFailed);
    });
  }

  async #run(failure: string, work: () => Promise<void>): Promise<void> {
    this.busy = true;
    try {
      await work();
    } catch (thrown) {
      ui.notify('crit', failure, asPanelError(thrown));
    }
    this.busy = false;
  }
}

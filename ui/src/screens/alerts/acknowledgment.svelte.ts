// Acknowledges an alert or removes the acknowledgment; the alert list and an open runbook do the same.
import type { PanelError } from '../../lib/contract';
import { asPanelError } from '../../lib/backend';
import { panel } from '../../lib/state/panel.svelte';
import { ui } from '../../lib/state/ui.svelte';
import { text } from '../../lib/text/alerts';

export class Acknowledgment {
  busy = $state(false);
  error = $state.raw<PanelError | null>(null);

  /** Without a note, the acknowledgment is removed. Whether it was done. */
  async set(fingerprint: string, note: string | null): Promise<boolean> {
    this.busy = true;
    this.error = null;
    try {
      await panel.call('alert_acknowledge', { fingerprint, note, by: '' });
      ui.notify('ok', note === null ? text.acknowledge.undone : text.acknowledge.done);
      return true;
    } catch (thrown) {
      this.error = asPanelError(thrown);
      return false;
    } finally {
      this.busy = false;
    }
  }
}

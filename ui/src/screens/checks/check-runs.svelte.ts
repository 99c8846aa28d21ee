// The runs of checks: the one that is shown, its exports, and starting and canceling one.
import type { CheckFormat, CheckRun, CheckSuite, PanelError } from '../../lib/contract';
import { asPanelError } from '../../lib/backend';
import { panel } from '../../lib/state/panel.svelte';
import { ui } from '../../lib/state/ui.svelte';

export class CheckRuns {
  runs = $state.raw<CheckRun[] | null>(null);
  listError = $state.raw<PanelError | null>(null);
  startError = $state.raw<PanelError | null>(null);
  /** Run picked from the history; none: the running or the newest one. */
  picked = $state<string | null>(null);
  exports = $state.raw<Partial<Record<CheckFormat, string>>>({});
  #latest = 0;

  readonly running = $derived(panel.snapshot?.checks.running ?? null);
  readonly shown = $derived.by((): CheckRun | null => {
    if (this.picked === null && this.running) return this.running;
    return this.runs?.find((r) => r.id === this.picked) ?? this.running ?? this.runs?.[0] ?? null;
  });

  isRunning(run: CheckRun): boolean {
    return run.id === this.running?.id;
  }

  /** The newest finished run of a suite. */
  lastOf(suite: CheckSuite): CheckRun | undefined {
    return this.runs?.find((r) => r.suite === suite && r.endedAt !== null);
  }

  async load(): Promise<void> {
    const request = ++this.#latest;
    try {
      const reply = await panel.call('check_runs', {});
      if (request === this.#latest) [this.runs, this.listError] = [reply.runs, null];
    } catch (thrown) {
      if (request === this.#latest) this.listError = asPanelError(thrown);
    }
  }

  async start(suite: CheckSuite, effects: boolean): Promise<void> {
    [this.startError, this.picked] = [null, null];
    try {
      const run = await panel.call('check_run', { suite, createdBy: '', effects });
      // Shown at once; the snapshot has the list loaded again.
      this.runs = [run, ...(this.runs ?? []).filter((r) => r.id !== run.id)];
    } catch (thrown) {
      this.startError = asPanelError(thrown);
    }
  }

  async cancel(): Promise<void> {
    try {
      await panel.call('check_cancel', {});
    } catch (thrown) {
      ui.notify('none', asPanelError(thrown).message);
    }
  }

  /** Loads the exports of a finished run; a failed export just has no button. */
  loadExports(run: CheckRun | null): void {
    this.exports = {};
    if (!run || this.isRunning(run)) return;
    for (const format of ['markdown', 'junit'] as const)
      panel.call('check_export', { id: run.id, format }).then(
        (reply) => {
          if (this.shown?.id === run.id) this.exports = { ...this.exports, [format]: reply.text };
        },
        () => {},
      );
  }

  close(): void {
    this.#latest += 1;
  }
}

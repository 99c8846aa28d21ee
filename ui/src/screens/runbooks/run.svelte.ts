// A run of a runbook: started once, its steps run a few at a time by the panel, each result shown as it arrives.
import type { FigureStyle, PanelError, RunbookStartRequest, RunbookRun, RunbookStepResult } from '../../lib/contract';
import { asPanelError } from '../../lib/backend';
import { panel } from '../../lib/state/panel.svelte';

export class Run {
  run = $state.raw<RunbookRun | null>(null);
  steps = $state.raw<Record<number, RunbookStepResult>>({});
  asking = $state.raw<ReadonlySet<number>>(new Set());
  error = $state.raw<PanelError | null>(null);
  busy = $state(false);
  #gone = false;

  /** Starts or resumes the run, and runs every step. */
  async begin(request: RunbookStartRequest, style: () => FigureStyle): Promise<void> {
    this.busy = true;
    this.error = null;
    try {
      const run = await panel.call('runbook_start', request);
      if (this.#gone) return;
      this.#take(run);
      await this.all(style);
    } catch (thrown) {
      if (!this.#gone) this.error = asPanelError(thrown);
    }
    this.busy = false;
  }

  async all(style: () => FigureStyle): Promise<void> {
    this.error = null;
    await Promise.all((this.run?.steps ?? []).map((s) => this.ask(s.number, style())));
  }

  async ask(number: number, style: FigureStyle): Promise<void> {
    const run = this.run;
    if (!run || this.asking.has(number)) return;
    this.asking = new Set([...this.asking, number]);
    try {
      const answer = await panel.call('runbook_step', { run: run.id, number, hours: 6, style });
      if (!this.#gone) this.steps = { ...this.steps, [number]: answer };
    } catch (thrown) {
      const error = asPanelError(thrown);
      if (!this.#gone && error.code !== 'cancelled') this.error = error;
    }
    this.asking = new Set([...this.asking].filter((n) => n !== number));
  }

  async cancel(): Promise<void> {
    if (!this.run) return;
    try {
      await panel.call('runbook_cancel', { run: this.run.id });
    } catch (thrown) {
      this.error = asPanelError(thrown);
    }
  }

  /** True when the notes are saved. */
  async note(notes: string, close: boolean): Promise<boolean> {
    if (!this.run) return false;
    this.error = null;
    try {
      const run = await panel.call('runbook_note', { run: this.run.id, notes, close });
      if (!this.#gone) this.run = run;
      return true;
    } catch (thrown) {
      if (!this.#gone) this.error = asPanelError(thrown);
      return false;
    }
  }

  /** Called when the page is closed: steps that are still running are canceled. */
  leave(): void {
    this.#gone = true;
    if (this.run && this.asking.size > 0) panel.call('runbook_cancel', { run: this.run.id }).catch(() => {});
  }

  #take(run: RunbookRun): void {
    this.run = run;
    this.steps = Object.fromEntries(run.steps.map((s) => [s.number, s]));
  }
}

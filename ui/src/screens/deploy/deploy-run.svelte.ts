// One deploy: loaded or started, its steps run or skipped, or the deploy abandoned. One command at a time.
import type { DeployRun, DeployStep, DeployStepKind, PanelError } from '../../lib/contract';
import { asPanelError } from '../../lib/backend';
import { panel } from '../../lib/state/panel.svelte';
import { text } from '../../lib/text/deploy';

export class DeployControl {
  run = $state.raw<DeployRun | null>(null);
  error = $state.raw<PanelError | null>(null);
  /** What is running: a step, or the start or the end of the deploy. */
  busy = $state<DeployStepKind | 'start' | 'abandon' | null>(null);
  /** What a reason is being entered for. */
  asking = $state<DeployStepKind | 'abandon' | null>(null);

  async load(id: string): Promise<void> {
    try {
      const { runs } = await panel.call('deploy_runs', {});
      this.run = runs.find((r) => r.id === id) ?? null;
      if (!this.run)
        this.error = {
          code: 'not-found',
          message: text.dialog.notFound,
          hint: '',
          retryable: false,
          source: 'deploy',
          detail: '',
        };
    } catch (thrown) {
      this.error = asPanelError(thrown);
    }
  }

  start(name: string, createdBy: string, windowS: number): Promise<void> {
    return this.#call('start', () => panel.call('deploy_start', { reason: name, createdBy, windowS }));
  }

  runStep(step: DeployStep): Promise<void> {
    return this.#step(step, 'run', '');
  }

  skip(step: DeployStep, reason: string): Promise<void> {
    return this.#step(step, 'skip', reason);
  }

  async abandon(reason: string): Promise<void> {
    const id = this.run?.id;
    if (id) await this.#call('abandon', () => panel.call('deploy_abandon', { id, reason }));
  }

  async #step(step: DeployStep, act: 'run' | 'skip', reason: string): Promise<void> {
    const id = this.run?.id;
    if (id) await this.#call(step.kind, () => panel.call('deploy_step', { id, kind: step.kind, act, reason }));
  }

  async #call(what: DeployStepKind | 'start' | 'abandon', work: () => Promise<DeployRun>): Promise<void> {
    this.busy = what;
    this.error = null;
    try {
      this.run = await work();
      this.asking = null;
    } catch (thrown) {
      this.error = asPanelError(thrown);
    }
    this.busy = null;
  }
}

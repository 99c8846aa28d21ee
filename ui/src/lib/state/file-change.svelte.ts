// A change of files in two steps: a plan with its diffs, then written as it was shown. Dialogs of several screens use it.
import type { PanelError } from '../contract';
import { asPanelError } from '../backend';

export class FileChange<Change, Plan extends { digest: string }, Result> {
  plan = $state.raw<Plan | null>(null);
  result = $state.raw<Result | null>(null);
  error = $state.raw<PanelError | null>(null);
  busy = $state(false);
  reason = $state('');
  /** What the shown plan is of; the input may have changed since. */
  #planned: Change | null = null;
  readonly #requestPlan: (change: Change) => Promise<Plan>;
  readonly #requestApply: (change: Change, digest: string, reason: string) => Promise<Result>;

  constructor(
    requestPlan: (change: Change) => Promise<Plan>,
    requestApply: (change: Change, digest: string, reason: string) => Promise<Result>,
  ) {
    this.#requestPlan = requestPlan;
    this.#requestApply = requestApply;
  }

  async preview(change: Change): Promise<boolean> {
    return this.#run(async () => {
      this.plan = await this.#requestPlan(change);
      this.#planned = change;
    });
  }

  /** Writes what the plan shows. After a failure the plan is dropped: the files may have changed since. */
  async apply(): Promise<boolean> {
    const [plan, planned] = [this.plan, this.#planned];
    if (!plan || planned === null || this.reason.trim() === '') return false;
    const done = await this.#run(async () => {
      this.result = await this.#requestApply(planned, plan.digest, this.reason);
    });
    if (!done) this.plan = null;
    return done;
  }

  back(): void {
    this.plan = null;
  }

  async #run(work: () => Promise<void>): Promise<boolean> {
    if (this.busy) return false;
    this.busy = true;
    this.error = null;
    try {
      await work();
      return true;
    } catch (thrown) {
      this.error = asPanelError(thrown);
      return false;
    } finally {
      this.busy = false;
    }
  }
}

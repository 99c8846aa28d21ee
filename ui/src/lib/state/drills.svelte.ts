// Drills: what can be started, past runs, whether the running one was noticed, and a notification when it ends.
import type { DrillList, DrillOperation, DrillRun, PanelError } from '../contract';
import { asPanelError } from '../backend';
import { outcome, titleOf } from '../components/drill-labels';
import { panel } from './panel.svelte';
import { ui } from './ui.svelte';
import { text } from '../text/frame';

class Drills {
  list = $state.raw<DrillList | null>(null);
  error = $state.raw<PanelError | null>(null);
  /** Drill that was marked as noticed in this window; survives a reload. */
  noticed = $state(localStorage.getItem('aether-drill-seen'));
  busy = $state(false);
  #latestRequest = 0;
  #stack = '';
  #announced = new Set<string>();

  async load(): Promise<void> {
    const request = ++this.#latestRequest;
    const stack = panel.snapshot?.stacks.active ?? '';
    if (stack !== this.#stack) [this.list, this.error, this.#stack] = [null, null, stack];
    try {
      const reply = await panel.call('drill_list', {});
      if (request === this.#latestRequest) [this.list, this.error] = [reply, null];
    } catch (thrown) {
      if (request === this.#latestRequest) this.error = asPanelError(thrown);
    }
  }

  async notice(id: string): Promise<void> {
    this.busy = true;
    try {
      await panel.call('drill_notice', {});
      this.noticed = id;
      localStorage.setItem('aether-drill-seen', id);
    } catch (thrown) {
      ui.notify('crit', text.drill.noticeFailed, asPanelError(thrown));
    }
    this.busy = false;
  }

  /** An operation that does not help is not an error: its result is shown and the drill continues. */
  async operate(operation: DrillOperation): Promise<void> {
    this.busy = true;
    try {
      const outcomeOfOperation = await panel.call('drill_operate', { operation });
      ui.notify(outcomeOfOperation.worked ? 'ok' : 'none', outcomeOfOperation.text);
    } catch (thrown) {
      ui.notify('crit', text.drill.operateFailed, asPanelError(thrown));
    }
    this.busy = false;
  }

  /** Notifies once that a drill has ended, here or in the snapshot, with the way to its report. */
  async over(id: string, ended: DrillRun | null = null): Promise<void> {
    if (this.#announced.has(id)) return;
    this.#announced.add(id);
    if (ui.dialog?.kind === 'drill-end') ui.dialog = null;
    await this.load();
    const run = ended ?? this.list?.runs.find((r) => r.id === id) ?? null;
    const title = titleOf(this.list, run?.scenario ?? null);
    const how = run && run.outcome !== 'running' ? outcome(run).label : text.drill.ended;
    ui.notify(run?.passed ? 'ok' : 'none', text.drill.over(how, title), undefined, {
      label: text.drill.openReport,
      run: () => ui.go('runbooks', `training~${id}`),
    });
  }
}

export const drills = new Drills();

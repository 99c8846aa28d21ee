// Drills as the window knows them: what can be chosen and what was, whether this one was seen, and a word when it is over.
import type { DrillList, DrillOperation, DrillRun, PanelError } from '../contract';
import { asPanelError } from '../backend';
import { outcome, titleOf } from '../components/drill-words';
import { panel } from './panel.svelte';
import { ui } from './ui.svelte';

class Drills {
  list = $state.raw<DrillList | null>(null);
  error = $state.raw<PanelError | null>(null);
  /** Drill of which this window was told that it was seen; kept over a reload. */
  seen = $state(localStorage.getItem('aether-drill-seen'));
  /** A call that is on its way. */
  busy = $state(false);
  #asked = 0;
  #stack = '';
  #told = new Set<string>();

  async ask(): Promise<void> {
    const mine = ++this.#asked;
    const stack = panel.snapshot?.stacks.active ?? '';
    if (stack !== this.#stack) [this.list, this.error, this.#stack] = [null, null, stack];
    try {
      const reply = await panel.call('drill_list', {});
      if (mine === this.#asked) [this.list, this.error] = [reply, null];
    } catch (thrown) {
      if (mine === this.#asked) this.error = asPanelError(thrown);
    }
  }

  async notice(id: string): Promise<void> {
    this.busy = true;
    try {
      await panel.call('drill_notice', {});
      this.seen = id;
      localStorage.setItem('aether-drill-seen', id);
    } catch (thrown) {
      ui.notify('crit', 'That was not taken down.', asPanelError(thrown));
    }
    this.busy = false;
  }

  /** What did not help is no error: it is told, and the drill goes on. */
  async operate(operation: DrillOperation): Promise<void> {
    this.busy = true;
    try {
      const came = await panel.call('drill_operate', { operation });
      ui.notify(came.worked ? 'ok' : 'none', came.text);
    } catch (thrown) {
      ui.notify('crit', 'It was not done.', asPanelError(thrown));
    }
    this.busy = false;
  }

  /** A drill has gone from the snapshot, or was ended here: said once, with the way to its report. */
  async over(id: string, ended: DrillRun | null = null): Promise<void> {
    if (this.#told.has(id)) return;
    this.#told.add(id);
    if (ui.dialog?.kind === 'drill-end') ui.dialog = null;
    await this.ask();
    const run = ended ?? this.list?.runs.find((r) => r.id === id) ?? null;
    const title = titleOf(this.list, run?.scenario ?? null);
    const how = run && run.outcome !== 'running' ? outcome(run).word : 'over';
    ui.notify(run?.passed ? 'ok' : 'none', `Drill ${how}${title ? `: ${title}` : ''}`, undefined, {
      label: 'Open the report',
      run: () => ui.go('runbooks', `training~${id}`),
    });
  }
}

export const drills = new Drills();

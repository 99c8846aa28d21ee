// The list of silences: state and search, a page at a time, and the findings of the snapshot per silence.
import type { PanelError, Silence, SilenceFinding, SilencesPage, SilenceState } from '../../lib/contract';
import { asPanelError } from '../../lib/backend';
import type { StatusLabel } from '../../lib/components/alert-labels';
import { panel } from '../../lib/state/panel.svelte';
import { ui } from '../../lib/state/ui.svelte';
import { text } from '../../lib/text/maintenance';

export const PAGE = 25;
/** Pause after a change until the page is requested, in milliseconds. */
const LOAD_MS = 180;

export type StateFilter = SilenceState | 'all';

export const STATE: Record<SilenceState, StatusLabel> = {
  active: { tone: 'mute', icon: 'muted', label: text.silences.state.active },
  pending: { tone: 'acc', icon: 'clock', label: text.silences.state.pending },
  expired: { tone: 'none', icon: 'check', label: text.silences.state.expired },
};

export class SilenceList {
  state = $state<StateFilter>('all');
  search = $state('');
  offset = $state(0);
  page = $state.raw<SilencesPage | null>(null);
  error = $state.raw<PanelError | null>(null);
  #request = 0;
  #wait: ReturnType<typeof setTimeout> | undefined;

  readonly narrowed = $derived(this.search.trim() !== '' || this.state !== 'all');

  /** Shows silences in one state, from the first page. */
  show(state: StateFilter): void {
    this.state = state;
    this.offset = 0;
  }

  showAll(): void {
    this.search = '';
    this.show('all');
  }

  /** Loads soon; once for several changes. */
  changed(): void {
    clearTimeout(this.#wait);
    this.#wait = setTimeout(() => void this.load(), LOAD_MS);
  }

  load = async (): Promise<void> => {
    const request = ++this.#request;
    try {
      const page = await panel.call('silences_page', {
        states: this.state === 'all' ? [] : [this.state],
        search: this.search.trim(),
        offset: this.offset,
        limit: PAGE,
      });
      if (request !== this.#request) return;
      this.page = page;
      this.error = null;
      // Silences ended meanwhile: the page behind the last one does not exist.
      if (this.offset > 0 && this.offset >= page.total) this.offset = 0;
    } catch (thrown) {
      if (request === this.#request) this.error = asPanelError(thrown);
    }
  };

  /** Asks whether to end the silence of a finding, which may not be on this page. */
  async askEnd(id: string): Promise<void> {
    try {
      const { rows } = await panel.call('silences_page', { states: [], search: id, offset: 0, limit: 1 });
      ui.askEnd(id, rows[0] ?? null);
    } catch (thrown) {
      this.error = asPanelError(thrown);
    }
  }

  stop(): void {
    this.#request += 1;
    clearTimeout(this.#wait);
  }
}

/** Findings of one silence. */
export interface SilenceFindings {
  id: string;
  createdBy: string;
  endsAt: number;
  text: string;
}

/** One entry per silence with the texts of all its findings, in the order of its first one. */
export function groupFindings(findings: readonly SilenceFinding[]): SilenceFindings[] {
  const bySilence = new Map<string, SilenceFindings>();
  for (const { silenceId: id, createdBy, endsAt, text: finding } of findings) {
    const group = bySilence.get(id);
    if (group) group.text += ` ${finding}`;
    else bySilence.set(id, { id, createdBy, endsAt, text: finding });
  }
  return [...bySilence.values()];
}

/** Whether an active silence is missing on a member. */
export function missesMembers(silence: Pick<Silence, 'state' | 'members' | 'membersOf'>): boolean {
  return silence.state === 'active' && silence.members < silence.membersOf;
}

// Past alerts: a page of episodes with the totals per alert name, loaded again when alerts changed.
import type { AlertHistoryPage, Episode, PanelError } from '../../lib/contract';
import { asPanelError } from '../../lib/backend';
import { bare } from '../../lib/format/number';
import { panel } from '../../lib/state/panel.svelte';
import { text } from '../../lib/text/alerts';

const PAGE = 100;
/** Least time between two loads for changed alerts, in milliseconds. */
const RELOAD_MS = 5000;

export const RANGES = [
  { value: 24, label: '24 h' },
  { value: 168, label: '7 d' },
  { value: 720, label: '30 d' },
] as const;

export class AlertHistory {
  page = $state.raw<AlertHistoryPage | null>(null);
  error = $state.raw<PanelError | null>(null);
  #more = $state.raw<Episode[]>([]);
  readonly episodes = $derived(this.page ? [...this.page.episodes, ...this.#more] : []);
  /** Episodes that one more page brings. */
  readonly nextCount = $derived(this.page ? Math.min(PAGE, this.page.total - this.episodes.length) : 0);

  #hours = 24;
  #filter = '';
  #request = 0;
  #loadedAt = 0;
  #reload: ReturnType<typeof setTimeout> | undefined;
  readonly #onfiltererror: (error: PanelError | null) => void;

  /** `onfiltererror` is called with what is wrong with the filter, which its box shows; null: it is valid. */
  constructor(onfiltererror: (error: PanelError | null) => void) {
    this.#onfiltererror = onfiltererror;
  }

  async load(hours: number, filter: string): Promise<void> {
    this.#hours = hours;
    this.#filter = filter;
    await this.refresh();
  }

  async refresh(): Promise<void> {
    clearTimeout(this.#reload);
    const request = ++this.#request;
    this.#loadedAt = Date.now();
    try {
      const page = await this.#call(0);
      if (request !== this.#request) return;
      this.page = page;
      this.#more = [];
      this.error = null;
      this.#onfiltererror(null);
    } catch (thrown) {
      if (request !== this.#request) return;
      const error = asPanelError(thrown);
      if (error.code === 'invalid-request') this.#onfiltererror(error);
      else this.error = error;
    }
  }

  async loadMore(): Promise<void> {
    const request = this.#request;
    try {
      const page = await this.#call(this.episodes.length);
      if (request === this.#request) this.#more = [...this.#more, ...page.episodes];
    } catch (thrown) {
      if (request === this.#request) this.error = asPanelError(thrown);
    }
  }

  /** Alerts changed: loads again, at most every `RELOAD_MS`. */
  changed(): void {
    clearTimeout(this.#reload);
    this.#reload = setTimeout(() => void this.refresh(), Math.max(0, this.#loadedAt + RELOAD_MS - Date.now()));
  }

  stop(): void {
    this.#request += 1;
    clearTimeout(this.#reload);
  }

  #call(offset: number): Promise<AlertHistoryPage> {
    return panel.call('alert_history', {
      hours: this.#hours,
      filter: this.#filter,
      fingerprint: '',
      offset,
      limit: PAGE,
    });
  }
}

/** How long an episode lasted, or has lasted until now, in milliseconds. */
export function episodeLength(episode: Pick<Episode, 'began' | 'ended'>, now: number): number {
  return (episode.ended ?? now) - episode.began;
}

/** Values while it fired: one, or a range. */
export function valueRange({ lowest, highest }: Pick<Episode, 'lowest' | 'highest'>): string {
  if (lowest === null || highest === null) return '–';
  return lowest === highest ? bare(lowest) : text.history.valueRange(bare(lowest), bare(highest));
}

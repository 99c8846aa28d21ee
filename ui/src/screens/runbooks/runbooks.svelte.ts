// The runbooks screen: all pages by source, past runs, and the sections that a search finds.
import type { PanelError, RunbookHits, RunbookList, RunbookRun, RunbookSource } from '../../lib/contract';
import { asPanelError } from '../../lib/backend';
import { panel } from '../../lib/state/panel.svelte';

/** Pause in typing after which a search is sent, in milliseconds. */
const SEARCH_MS = 150;

export type RunbookSummary = RunbookList['pages'][number];
export interface PageGroup {
  source: RunbookSource;
  pages: RunbookSummary[];
}

/** Pages by source, one's own first; sources without pages are left out. */
export function groupPages(pages: readonly RunbookSummary[]): PageGroup[] {
  return (['own', 'bundled', 'document'] as const)
    .map((source) => ({ source, pages: pages.filter((page) => page.source === source) }))
    .filter((group) => group.pages.length > 0);
}

/** First line of a page as plain text. */
export function plainLine(markdown: string): string {
  return markdown.replace(/[`*]/g, '');
}

export class Runbooks {
  list = $state.raw<RunbookList | null>(null);
  runs = $state.raw<RunbookRun[] | null>(null);
  error = $state.raw<PanelError | null>(null);
  /** Null: nothing is searched for. */
  hits = $state.raw<RunbookHits | null>(null);
  searchError = $state.raw<PanelError | null>(null);
  readonly groups = $derived(groupPages(this.list?.pages ?? []));
  #load = 0;
  #search = 0;
  #wait: ReturnType<typeof setTimeout> | undefined;

  load = async (): Promise<void> => {
    const request = ++this.#load;
    try {
      const [list, past] = await Promise.all([panel.call('runbook_list', {}), panel.call('runbook_runs', {})]);
      if (request === this.#load) [this.list, this.runs, this.error] = [list, past.runs, null];
    } catch (thrown) {
      if (request === this.#load) this.error = asPanelError(thrown);
    }
  };

  /** Searches soon; an empty text shows all pages again immediately. */
  search(text: string): void {
    const terms = text.trim();
    clearTimeout(this.#wait);
    this.#search += 1;
    if (terms) this.#wait = setTimeout(() => void this.#find(terms), SEARCH_MS);
    else [this.hits, this.searchError] = [null, null];
  }

  stop(): void {
    this.#load += 1;
    this.#search += 1;
    clearTimeout(this.#wait);
  }

  async #find(terms: string): Promise<void> {
    const request = ++this.#search;
    try {
      const hits = await panel.call('runbook_search', { text: terms });
      if (request === this.#search) [this.hits, this.searchError] = [hits, null];
    } catch (thrown) {
      if (request === this.#search) this.searchError = asPanelError(thrown);
    }
  }
}

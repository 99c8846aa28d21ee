// What is typed into the filter box: finished tokens, the draft behind them, suggestions, and when to report.
import { join, tokenize } from '../../lib/query/filter';
import { Suggestions, type Suggestion } from './suggest.svelte';

/** Pauses in typing after which the filter is reported and suggestions are requested, in milliseconds. */
const REPORT_MS = 250;
const SUGGEST_MS = 120;

export class FilterInput {
  tokens = $state.raw<string[]>([]);
  draft = $state('');
  readonly suggestions = new Suggestions();
  #reported = '';
  #reporting: ReturnType<typeof setTimeout> | undefined;
  #suggesting: ReturnType<typeof setTimeout> | undefined;
  readonly #onchange: (filter: string) => void;

  constructor(onchange: (filter: string) => void) {
    this.#onchange = onchange;
  }

  get filter(): string {
    return join([...this.tokens, this.draft.trim()].filter(Boolean));
  }
  get empty(): boolean {
    return this.tokens.length === 0 && this.draft === '';
  }

  /** The filter as others set it (a clicked label, a cleared filter); what was reported from here changes nothing. */
  take(filter: string): void {
    if (filter === this.#reported) return;
    this.#reported = filter;
    clearTimeout(this.#reporting);
    this.tokens = tokenize(filter).tokens;
    this.draft = '';
  }

  /** After the draft changed: a finished token leaves it. */
  typed(): void {
    if (/[\s,]$/.test(this.draft)) this.#finishDraft();
    this.#report(REPORT_MS);
    clearTimeout(this.#suggesting);
    this.suggestions.narrow(this.draft);
    if (this.draft === '') this.suggestions.close();
    else this.#suggesting = setTimeout(() => this.#suggest(), SUGGEST_MS);
  }

  accept(suggestion: Suggestion): void {
    if (suggestion.whole) {
      this.tokens = [...this.tokens, suggestion.text];
      this.draft = '';
      this.suggestions.close();
      this.#report(0);
    } else {
      this.draft = suggestion.text;
      this.#suggest();
    }
  }

  remove(index: number): void {
    this.tokens = this.tokens.filter((_, i) => i !== index);
    this.#report(0);
  }

  clear(): void {
    this.tokens = [];
    this.draft = '';
    this.#report(0);
  }

  /** Handles a key. `handled` keys do nothing else; `stopped` ones must not reach an enclosing dialog either. */
  key(key: string): 'handled' | 'stopped' | null {
    const open = this.suggestions.list.length > 0;
    const marked = this.suggestions.list[this.suggestions.at];
    if (open && (key === 'ArrowDown' || key === 'ArrowUp')) {
      this.suggestions.move(key === 'ArrowDown' ? 1 : -1);
    } else if (marked && (key === 'Enter' || key === 'Tab')) {
      this.accept(marked);
    } else if (key === 'Escape' && open) {
      this.suggestions.close();
      return 'stopped';
    } else if (key === 'Escape' && !this.empty) {
      this.clear();
      return 'stopped';
    } else if (key === 'Enter') {
      this.suggestions.close();
      this.#finishDraft();
      this.#report(0);
    } else if (key === 'Backspace' && this.draft === '' && this.tokens.length > 0) {
      this.draft = this.tokens.at(-1) ?? '';
      this.tokens = this.tokens.slice(0, -1);
      this.#report(REPORT_MS);
    } else {
      return null;
    }
    return 'handled';
  }

  #finishDraft(): void {
    const { tokens, open } = tokenize(this.draft);
    if (open || tokens.length === 0) return;
    this.tokens = [...this.tokens, ...tokens];
    this.draft = '';
  }

  #suggest(): void {
    void this.suggestions.look(join(this.tokens), this.draft);
  }

  #report(afterMs: number): void {
    clearTimeout(this.#reporting);
    this.#reporting = setTimeout(() => {
      this.#reported = this.filter;
      this.#onchange(this.#reported);
    }, afterMs);
  }
}

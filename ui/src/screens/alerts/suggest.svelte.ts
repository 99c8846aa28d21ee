// What could stand next in the filter: names of labels, then their values, as they occur in the list that is left.
import { matcherText } from '../../lib/query/filter';
import { panel } from '../../lib/state/panel.svelte';

export interface Suggestion {
  /** The draft with it. */
  text: string;
  /** What is shown. */
  label: string;
  count: number;
  /** Whether the matcher is finished with it. */
  whole: boolean;
}

const MOST = 8;
const NAME = /^[a-zA-Z_][a-zA-Z0-9_]*$/;
const VALUE = /^([a-zA-Z_][a-zA-Z0-9_]*)\s*(=~|!~|!=|=)\s*"?([^"]*)$/;

export class Suggestions {
  list = $state.raw<Suggestion[]>([]);
  /** The one that the keyboard is on; -1 for none. */
  at = $state(-1);
  #latestRequest = 0;

  close(): void {
    this.#latestRequest += 1;
    this.list = [];
    this.at = -1;
  }

  move(by: number): void {
    const n = this.list.length;
    this.at = n === 0 ? -1 : (this.at + by + n + (this.at < 0 && by < 0 ? 1 : 0)) % n;
  }

  /** Takes out what no longer fits, until the answer is there: nobody may take a value that was not meant. */
  narrow(draft: string): void {
    // An answer that is on its way is to an older question.
    this.#latestRequest += 1;
    const value = VALUE.exec(draft);
    const part = (value?.[3] ?? draft).toLowerCase();
    this.list = this.list.filter((s) => s.whole === (value !== null) && s.label.toLowerCase().includes(part));
    this.at = -1;
  }

  /** Asks for what fits behind `before`. A failure shows nothing: the filter itself tells what is wrong. */
  async look(before: string, draft: string): Promise<void> {
    const request = ++this.#latestRequest;
    const value = VALUE.exec(draft);
    if (!value && !NAME.test(draft)) {
      this.close();
      return;
    }
    const name = value?.[1];
    try {
      const reply = await panel.call('alerts_page', {
        filter: before,
        states: [],
        severities: [],
        receivers: [],
        groupBy: [],
        facets: name === undefined ? [] : [name],
        labelNames: name === undefined,
        sort: 'urgency',
        descending: false,
        offset: 0,
        limit: 0,
      });
      if (request !== this.#latestRequest) return;
      const part = (value?.[3] ?? draft).toLowerCase();
      const op = (value?.[2] ?? '=') as '=' | '!=' | '=~' | '!~';
      const suggestions =
        name === undefined
          ? reply.labelNames
              .filter((n) => n.name.toLowerCase().startsWith(part) && NAME.test(n.name))
              .map((n) => ({ text: `${n.name}=`, label: n.name, count: n.count, whole: false }))
          : (reply.facets[0]?.values ?? [])
              .filter((v) => v.name.toLowerCase().includes(part))
              .map((v) => ({ text: matcherText(name, v.name, op), label: v.name, count: v.count, whole: true }));
      // The keyboard stays on what it was moved to while the answer was on its way.
      const marked = this.list[this.at]?.text;
      this.list = suggestions.slice(0, MOST);
      this.at = this.list.findIndex((suggestion) => suggestion.text === marked);
    } catch {
      if (request === this.#latestRequest) this.close();
    }
  }
}

// Code that is loaded when it is first needed: a screen or a dialog, each in a file of its own.
import type { Component } from 'svelte';
import type { PanelError } from '../lib/contract';
import { text } from '../lib/text/frame';

type Load<C> = () => Promise<{ default: C }>;

export class Lazy<C = Component> {
  component = $state.raw<C | null>(null);
  error = $state.raw<PanelError | null>(null);
  readonly #load: Load<C>;
  readonly #reload: () => void;
  #loading = false;

  /** `reload` loads the page again: a web view may keep a failed file and never ask for it a second time. */
  constructor(load: Load<C>, reload: () => void = () => location.reload()) {
    this.#load = load;
    this.#reload = reload;
  }

  async open(): Promise<void> {
    if (this.component || this.#loading) return;
    this.#loading = true;
    try {
      this.component = (await this.#load()).default;
      this.error = null;
    } catch (thrown) {
      this.error = {
        code: 'internal',
        message: text.lazy.failed,
        hint: text.lazy.hint,
        retryable: true,
        source: 'window',
        detail: thrown instanceof Error ? thrown.message : String(thrown),
      };
    }
    this.#loading = false;
  }

  /** Tries once more in place, then with the whole page. */
  async retry(): Promise<void> {
    await this.open();
    if (this.error) this.#reload();
  }
}

// Where each screen was left: it opens there, and at the top the first time.
import { tick } from 'svelte';

export class ScrollPlaces {
  readonly #places = new Map<string, number>();
  #restoring: (() => void) | null = null;

  /** Before the screen at `key` is left. */
  keep(key: string, top: number): void {
    // A screen that is left before it was long enough keeps the place that it was going to.
    if (!this.#restoring) this.#places.set(key, top);
  }

  /** The screen at `key` opens in `scroller`. Its content may still be on its way. */
  restore(key: string, scroller: HTMLElement): void {
    this.#restoring?.();
    const top = this.#places.get(key) ?? 0;
    scroller.scrollTop = 0;
    if (top === 0) return;
    const observer = new MutationObserver(() => attempt());
    const stop = (): void => {
      observer.disconnect();
      for (const event of ['wheel', 'pointerdown', 'keydown']) scroller.removeEventListener(event, stop);
      this.#restoring = null;
    };
    const attempt = (): void => {
      scroller.scrollTop = top;
      if (scroller.scrollTop >= top - 1) stop();
    };
    this.#restoring = stop;
    observer.observe(scroller, { childList: true, subtree: true });
    // Who scrolls meanwhile wants to be elsewhere.
    for (const event of ['wheel', 'pointerdown', 'keydown']) scroller.addEventListener(event, stop, { passive: true });
    void tick().then(() => this.#restoring === stop && attempt());
  }
}

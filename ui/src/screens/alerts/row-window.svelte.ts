// Which rows of a long list are rendered, and where the keyboard is. Knows sizes and positions, no elements.
import type { AlertSort } from '../../lib/contract';
import { step } from '../../lib/keyboard/rows';

export const ROW_HEIGHT = 48;
export const HEAD_HEIGHT = 36;
/** Rows rendered beyond each edge, so that scrolling does not show gaps. */
const MARGIN = 8;

export class RowWindow {
  /** Height of the scrolling element and its scroll position, in pixels. */
  height = $state(600);
  top = $state(0);
  #current = $state(0);
  readonly #total: () => number;

  constructor(total: () => number) {
    this.#total = total;
  }

  readonly first = $derived(Math.max(0, Math.floor(this.top / ROW_HEIGHT) - MARGIN));
  readonly last = $derived.by(
    () => Math.min(this.#total(), Math.ceil((this.top + this.height) / ROW_HEIGHT) + MARGIN) - 1,
  );
  readonly indexes = $derived(
    Array.from({ length: Math.max(0, this.last - this.first + 1) }, (_, offset) => this.first + offset),
  );
  /** The row that Tab reaches; the last one when the list became shorter. */
  readonly current = $derived.by(() => Math.min(this.#current, Math.max(0, this.#total() - 1)));

  moveTo(index: number): void {
    this.#current = Math.max(0, Math.min(this.#total() - 1, index));
  }

  /** Rows that one page shows. */
  get page(): number {
    return Math.max(1, Math.floor(this.height / ROW_HEIGHT) - 1);
  }

  /** The row that a key moves to; null for other keys. */
  target(key: string): number | null {
    return step(key, this.current, this.#total(), this.page);
  }

  /** Scroll position that shows the current row below the header, moving as little as possible. */
  get topToShowCurrent(): number {
    const y = this.current * ROW_HEIGHT;
    if (y < this.top) return y;
    const bottom = HEAD_HEIGHT + y + ROW_HEIGHT;
    return bottom > this.top + this.height ? bottom - this.height : this.top;
  }
}

/** `aria-sort` of a column heading; none for a column that can't be sorted by. */
export function ariaSort(
  column: AlertSort | undefined,
  sort: AlertSort,
  descending: boolean,
): 'ascending' | 'descending' | 'none' | undefined {
  if (!column) return undefined;
  if (column !== sort) return 'none';
  return descending ? 'descending' : 'ascending';
}

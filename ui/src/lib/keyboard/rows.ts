// The rows of a list, as the keyboard sees them: one of them is current, the only one that Tab reaches.

export interface Rows {
  total(): number;
  /** Index of the current row; 0 in a list without rows. */
  current(): number;
  /** Rows that one page shows. */
  page(): number;
  /** Index of the row that contains `element`; -1 if none does. */
  indexOf(element: Element): number;
  /** Makes a row the current one and focuses it. */
  focus(index: number, options?: FocusOptions): void;
  /** What the row at `index` is of, as its `data-row` says. */
  id(index: number): string;
  /** Does what Enter does in the row at `index`. */
  open(index: number): void;
}

/** The row that a key moves to; null for other keys. May be outside the list by one. */
export function step(key: string, at: number, total: number, page: number): number | null {
  const last = Math.max(0, total - 1);
  switch (key) {
    case 'ArrowDown':
      return at + 1;
    case 'ArrowUp':
      return at - 1;
    case 'PageDown':
      return Math.min(last, at + page);
    case 'PageUp':
      return Math.max(0, at - page);
    case 'Home':
      return 0;
    case 'End':
      return last;
    default:
      return null;
  }
}

const NATIVE = 'button, a[href], summary';

/**
 * Rows that are all in the document. A row is marked by `data-row` (its value names what it is of). It is focused through
 * the control in it that opens it, marked by `data-open`; without one it is focused itself, and Enter clicks what is marked
 * by `data-enter`.
 */
export class DomRows implements Rows {
  readonly #list: HTMLElement;
  #current: HTMLElement | null = null;
  #index = 0;
  #id: string;

  /** `id`: the row that was current before. */
  constructor(list: HTMLElement, id = '') {
    this.#list = list;
    this.#id = id;
  }

  all(): HTMLElement[] {
    return [...this.#list.querySelectorAll<HTMLElement>('[data-row]')].filter(
      (row) => row.closest('[data-list]') === this.#list,
    );
  }
  total(): number {
    return this.all().length;
  }
  current(): number {
    return this.#index;
  }
  page(): number {
    const rows = this.all();
    const height = rows[0]?.getBoundingClientRect().height ?? 0;
    let scroller: HTMLElement | null = this.#list;
    while (scroller && !/auto|scroll/.test(getComputedStyle(scroller).overflowY)) scroller = scroller.parentElement;
    return height > 0 && scroller ? Math.max(1, Math.floor(scroller.clientHeight / height) - 1) : 10;
  }
  indexOf(element: Element): number {
    const row = element.closest('[data-row]');
    return row ? this.all().indexOf(row as HTMLElement) : -1;
  }
  focus(index: number, options?: FocusOptions): void {
    const row = this.all()[index];
    if (!row) return;
    this.mark(row);
    control(row).focus(options);
  }
  id(index: number): string {
    return this.all()[index]?.dataset['row'] ?? '';
  }
  open(index: number): void {
    const row = this.all()[index];
    if (!row) return;
    const target = control(row);
    if (target !== row || row.matches(NATIVE)) target.click();
    else row.querySelector<HTMLElement>('[data-enter]:not(:disabled)')?.click();
  }

  /** Of the rows side by side in columns, the one that an arrow leads to. */
  beside(key: string, index: number): number | null {
    const rows = this.all();
    const from = rows[index];
    if (!from) return null;
    if (key === 'ArrowRight') return index + 1;
    if (key === 'ArrowLeft') return index - 1;
    const by = { ArrowDown: 1, ArrowUp: -1 }[key];
    if (by === undefined) return null;
    const { left } = from.getBoundingClientRect();
    let at = index + by;
    while (rows[at] && Math.abs((rows[at]?.getBoundingClientRect().left ?? 0) - left) > 2) at += by;
    return at;
  }

  mark(row: HTMLElement): void {
    this.#current = row;
    this.#id = row.dataset['row'] ?? '';
    this.refresh();
  }

  /** After rows came, went or moved: the current row stays what it is of, or else where it is. */
  refresh(): void {
    const rows = this.all();
    const same = rows.find((row) => row === this.#current) ?? rows.find((row) => row.dataset['row'] === this.#id);
    this.#current = same ?? rows[Math.min(this.#index, rows.length - 1)] ?? null;
    this.#index = this.#current ? rows.indexOf(this.#current) : 0;
    for (const row of rows) {
      const target = control(row);
      if (target !== row && row.hasAttribute('tabindex')) row.removeAttribute('tabindex');
      const tabIndex = row === this.#current ? 0 : -1;
      if (target.getAttribute('tabindex') !== String(tabIndex)) target.tabIndex = tabIndex;
    }
  }
}

/** What of a row takes the focus. */
function control(row: HTMLElement): HTMLElement {
  return row.matches(NATIVE) ? row : (row.querySelector<HTMLElement>('[data-open]:not(:disabled)') ?? row);
}

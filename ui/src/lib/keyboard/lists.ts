// Keys on lists: arrows move, Enter opens, Escape closes what is open beside the list, single keys act on the row. A list
// takes the focus when its screen opens. One mechanism for every list of the window.
import { tick } from 'svelte';
import type { Attachment } from 'svelte/attachments';
import { DomRows, step, type Rows } from './rows';

export interface ListOptions {
  /** Unique on its screen. Under this name the current row is remembered while the screen is closed. */
  name: string;
  /** Takes the focus when its screen opens. */
  first?: boolean;
  /** Its rows are side by side. */
  columns?: boolean;
  /** Rows that are not all in the document. */
  rows?: Rows;
  /** After a key moved to another row. */
  onmove?: (index: number) => void;
  /** Escape: closes what is open beside the list; false if nothing was. */
  onclose?: () => boolean;
  /** Single keys, with the `data-row` of the row that has the focus. */
  keys?: Readonly<Record<string, (row: string) => void>>;
}

interface List {
  element: HTMLElement;
  rows: Rows;
  first: boolean;
  name: string;
}

const lists = new Set<List>();
let lastUsed: List | null = null;
/** Last current row by the list's name. */
const remembered = new Map<string, string>();
const keysOf = new WeakMap<Element, (key: string, target: Element) => (() => void) | null>();

/** A list with its rows: see `DomRows` for how they are marked. */
export function list(options: ListOptions): Attachment<HTMLElement> {
  return (element) => {
    element.dataset['list'] = options.name;
    const dom = options.rows ? null : new DomRows(element, remembered.get(options.name));
    const rows = options.rows ?? (dom as DomRows);
    const entry: List = { element, rows, first: options.first ?? false, name: options.name };
    let focused: Element | null = null;

    const keydown = (event: KeyboardEvent): void => {
      const target = event.target as HTMLElement;
      const at = rows.indexOf(target);
      if (at < 0 || event.defaultPrevented || modified(event) || hasOwnKeys(target)) return;
      if ((event.key === 'Enter' || event.key === ' ') && !target.matches('button, a, summary, input')) {
        event.preventDefault();
        rows.open(at);
        return;
      }
      const beside = options.columns && dom ? dom.beside(event.key, at) : null;
      const to = beside ?? step(event.key, at, rows.total(), rows.page());
      if (to === null) return;
      event.preventDefault();
      if (to >= 0 && to < rows.total()) {
        rows.focus(to);
        options.onmove?.(to);
      } else if (event.key === 'ArrowDown' || event.key === 'ArrowUp') moveToNextList(entry, to < 0 ? -1 : 1);
    };
    const focusin = (event: FocusEvent): void => {
      focused = event.target as Element;
      lastUsed = entry;
      const row = (event.target as Element).closest<HTMLElement>('[data-row]');
      if (dom && row && dom.indexOf(row) >= 0) dom.mark(row);
    };
    const focusout = (event: FocusEvent): void => {
      if (event.relatedTarget && !element.contains(event.relatedTarget as Node)) focused = null;
    };
    const escape = (event: KeyboardEvent): void => {
      if (event.key !== 'Escape' || event.defaultPrevented || modalIsOpen() || !options.onclose?.()) return;
      event.preventDefault();
      void restoreFocus();
    };
    const changed = (): void => {
      dom?.refresh();
      if (wanted) void tick().then(attempt);
      // The row that had the focus has left the list: the one in its place has it.
      else if (focused && !focused.isConnected && nothingHasFocus() && rows.total() > 0)
        rows.focus(Math.min(rows.current(), rows.total() - 1), { preventScroll: true });
    };

    element.addEventListener('keydown', keydown);
    element.addEventListener('focusin', focusin);
    element.addEventListener('focusout', focusout);
    if (options.onclose) window.addEventListener('keydown', escape);
    const observer = new MutationObserver(changed);
    observer.observe(element, { childList: true, subtree: true, attributes: true, attributeFilter: ['disabled'] });
    lists.add(entry);
    const { keys } = options;
    if (keys)
      keysOf.set(element, (key, target) => {
        const [act, at] = [keys[key], rows.indexOf(target)];
        return act && at >= 0 ? () => act(rows.id(at)) : null;
      });
    changed();
    return () => {
      remembered.set(options.name, rows.id(rows.current()));
      observer.disconnect();
      lists.delete(entry);
      element.removeEventListener('keydown', keydown);
      element.removeEventListener('focusin', focusin);
      element.removeEventListener('focusout', focusout);
      window.removeEventListener('keydown', escape);
    };
  };
}

/** Single keys in an element that is about one object, as the drawer beside a list. */
export function actionKeys(keys: Readonly<Record<string, () => void>>): Attachment<HTMLElement> {
  return (element) => {
    keysOf.set(element, (key) => keys[key] ?? null);
    return () => void keysOf.delete(element);
  };
}

/** What a single key does to the row or the object that has the focus. */
export function keyAction(key: string, target: Element | null): (() => void) | null {
  for (let element = target; element; element = element.parentElement) {
    const action = keysOf.get(element)?.(key, target as Element);
    if (action) return action;
  }
  return null;
}

/** A filter: the arrow down leads from it into its list, and `/` to it, if it is the one of its screen. */
export const filterBox =
  (ofScreen = true): Attachment<HTMLInputElement> =>
  (input) => {
    if (ofScreen) input.dataset['filter'] = '';
    const keydown = (event: KeyboardEvent): void => {
      if (event.key !== 'ArrowDown' || event.defaultPrevented || modified(event)) return;
      if (input.getAttribute('aria-expanded') === 'true') return;
      const all = inOrder(input);
      const next = all.find((entry) => follows(entry.element, input)) ?? all[0];
      if (!next) return;
      event.preventDefault();
      next.rows.focus(next.rows.current());
    };
    input.addEventListener('keydown', keydown);
    return () => input.removeEventListener('keydown', keydown);
  };

/** `/`: focuses the filter of the screen. */
export async function focusFilter(): Promise<void> {
  await tick();
  const boxes = [...document.querySelectorAll<HTMLInputElement>('#main [data-filter]')];
  const box = boxes.find((one) => one.getClientRects().length > 0 && !one.disabled);
  box?.focus();
  box?.select();
}

/** Where the focus was when a screen asked for it; null: no list is to take it. */
let wanted: { from: Element | null } | null = null;

/** A screen opens: its list takes the focus as soon as it has rows, unless the person has moved on. */
export function focusListOnOpen(): void {
  const request = { from: document.activeElement };
  wanted = request;
  // An open dialog closes with it and gives the focus back first.
  void tick().then(() => {
    request.from = document.activeElement;
    if (wanted === request) attempt();
  });
}

/** What opens beside the list takes the focus itself. */
export function leaveListAlone(): void {
  wanted = null;
}

function attempt(): void {
  if (!wanted || modalIsOpen()) return;
  const active = document.activeElement;
  if (active && active !== document.body && active.id !== 'main' && active !== wanted.from) {
    wanted = null;
    return;
  }
  const taker = inOrder(document.body).find((entry) => entry.first);
  if (!taker) return;
  wanted = null;
  // The screen stays where it opens.
  taker.rows.focus(taker.rows.current(), { preventScroll: true });
}

/**
 * After something beside or over a list closed, if nothing else has the focus: what opened it has, or, if that is no longer
 * there, the current row of the list.
 */
export async function restoreFocus(openers: (Element | null)[] = []): Promise<void> {
  await tick();
  if (document.activeElement !== document.body) return;
  const opener = openers.find((one) => one instanceof HTMLElement && one !== document.body && one.isConnected);
  (opener as HTMLElement | undefined)?.focus({ preventScroll: true });
  if (!nothingHasFocus()) return;
  const entry = lastUsed && lists.has(lastUsed) ? lastUsed : inOrder(document.body).find((one) => one.first);
  if (entry && entry.rows.total() > 0) entry.rows.focus(entry.rows.current(), { preventScroll: true });
}

function moveToNextList(from: List, by: 1 | -1): void {
  const all = inOrder(from.element);
  const next = all[all.indexOf(from) + by];
  if (next) next.rows.focus(by > 0 ? 0 : next.rows.total() - 1);
}

/** Lists with rows in document order, of the dialog or the screen that `near` is in. */
function inOrder(near: Element): List[] {
  const root = near.closest('dialog');
  return [...lists]
    .filter((entry) => entry.element.closest('dialog') === root && entry.rows.total() > 0)
    .sort((a, b) => (follows(b.element, a.element) ? -1 : 1));
}

function follows(element: Node, other: Node): boolean {
  return (other.compareDocumentPosition(element) & Node.DOCUMENT_POSITION_FOLLOWING) !== 0;
}

function nothingHasFocus(): boolean {
  const active = document.activeElement;
  return (active === null || active === document.body) && !modalIsOpen();
}

function modalIsOpen(): boolean {
  return document.querySelector('dialog[open]') !== null;
}

function modified(event: KeyboardEvent): boolean {
  return event.ctrlKey || event.metaKey || event.altKey || event.shiftKey;
}

/** Controls that use the arrows, or all keys, themselves. */
function hasOwnKeys(target: HTMLElement): boolean {
  return target.matches(
    'input:not([type="checkbox"]), textarea, select, [contenteditable], [role^="menuitem"], [role="tab"], [aria-haspopup]',
  );
}

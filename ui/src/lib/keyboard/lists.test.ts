import { tick } from 'svelte';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { filterBox, focusFilter, focusListOnOpen, keyAction, list, restoreFocus, type ListOptions } from './lists';

const settled = (): Promise<void> => new Promise((done) => setTimeout(done, 5));
const cleanups: (() => void)[] = [];
let main: HTMLElement;

function add(options: ListOptions, ids: string[]): HTMLElement {
  const element = document.createElement('div');
  element.innerHTML = ids.map((id) => `<button data-row="${id}">${id}</button>`).join('');
  main.append(element);
  const cleanup = list(options)(element);
  if (cleanup) cleanups.push(cleanup);
  return element;
}
function press(key: string, target: Element | null = document.activeElement): KeyboardEvent {
  const event = new KeyboardEvent('keydown', { key, bubbles: true, cancelable: true });
  target?.dispatchEvent(event);
  return event;
}
const focused = (): string | null => document.activeElement?.textContent ?? null;

beforeEach(() => {
  document.body.innerHTML = '<nav><a href="#a">link</a></nav><main id="main" tabindex="-1"></main>';
  main = document.querySelector('main') as HTMLElement;
});
afterEach(() => cleanups.splice(0).forEach((cleanup) => cleanup()));

describe('a list', () => {
  it('moves_by_arrows_and_over_its_end_into_the_next_list', () => {
    add({ name: 'one' }, ['a', 'b']);
    add({ name: 'two' }, ['c']);
    main.querySelector('button')?.focus();
    expect(['ArrowDown', 'ArrowDown', 'ArrowDown', 'ArrowUp'].map((key) => (press(key), focused()))).toEqual([
      'b',
      'c',
      'c',
      'b',
    ]);
  });

  it('takes_the_focus_when_its_screen_opens_and_its_rows_arrive', async () => {
    document.querySelector('a')?.focus();
    focusListOnOpen();
    await settled();
    const element = add({ name: 'late', first: true }, []);
    await settled();
    expect(focused()).toBe('link');
    element.innerHTML = '<button data-row="x">x</button>';
    await settled();
    expect(focused()).toBe('x');
  });

  it('leaves_the_focus_to_a_person_who_moved_on', async () => {
    document.querySelector('a')?.focus();
    focusListOnOpen();
    await tick();
    main.insertAdjacentHTML('beforeend', '<input id="elsewhere">');
    main.querySelector('input')?.focus();
    add({ name: 'late', first: true }, ['x']);
    await settled();
    expect(document.activeElement?.id).toBe('elsewhere');
  });

  it('does_not_take_the_focus_unless_it_is_the_list_of_its_screen', async () => {
    add({ name: 'side' }, ['x']);
    focusListOnOpen();
    await settled();
    expect(document.activeElement).toBe(document.body);
  });

  it('remembers_its_row_while_its_screen_is_closed', async () => {
    const first = add({ name: 'kept', first: true }, ['a', 'b', 'c']);
    first.querySelector<HTMLElement>('[data-row="b"]')?.focus();
    cleanups.splice(0).forEach((cleanup) => cleanup());
    first.remove();
    add({ name: 'kept', first: true }, ['a', 'b', 'c']);
    focusListOnOpen();
    await settled();
    expect(focused()).toBe('b');
  });

  it('keeps_the_focus_when_the_focused_row_leaves_it', async () => {
    const element = add({ name: 'shrinking' }, ['a', 'b', 'c']);
    element.querySelector<HTMLElement>('[data-row="b"]')?.focus();
    element.querySelector('[data-row="b"]')?.remove();
    (document.activeElement as HTMLElement | null)?.blur();
    await settled();
    expect(focused()).toBe('c');
  });

  it('is_left_alone_while_a_field_in_it_has_the_focus', () => {
    const element = add({ name: 'fields' }, ['a']);
    element.insertAdjacentHTML('beforeend', '<p data-row="p"><input type="text"></p>');
    element.querySelector('input')?.focus();
    expect(press('ArrowUp').defaultPrevented).toBe(false);
  });

  it('closes_on_escape_what_is_open_beside_it_and_has_the_focus_again', async () => {
    let open = true;
    add({ name: 'with-drawer', onclose: () => open && ((open = false), true) }, ['a']);
    main.querySelector('button')?.focus();
    (document.activeElement as HTMLElement).blur();
    expect(press('Escape', document.body).defaultPrevented).toBe(true);
    await settled();
    expect([open, focused()]).toEqual([false, 'a']);
    expect(press('Escape', document.body).defaultPrevented).toBe(false);
  });

  it('does_nothing_on_escape_below_a_dialog', () => {
    const onclose = vi.fn(() => true);
    add({ name: 'below', onclose }, ['a']);
    document.body.insertAdjacentHTML('beforeend', '<dialog open></dialog>');
    press('Escape', document.body);
    expect(onclose).not.toHaveBeenCalled();
  });

  it('names_the_row_that_a_single_key_acts_on', () => {
    const acted: string[] = [];
    const element = add({ name: 'keys', keys: { a: (row) => acted.push(row) } }, ['a', 'b']);
    const second = element.querySelector('[data-row="b"]');
    keyAction('a', second)?.();
    expect(acted).toEqual(['b']);
    expect(keyAction('x', second)).toBeNull();
    expect(keyAction('a', document.querySelector('a'))).toBeNull();
  });

  it('has_the_focus_again_after_a_dialog_whose_opener_is_no_longer_there', async () => {
    const element = add({ name: 'again', first: true }, ['a', 'b']);
    element.querySelector<HTMLElement>('[data-row="b"]')?.focus();
    (document.activeElement as HTMLElement).blur();
    await restoreFocus();
    expect(focused()).toBe('b');
  });
});

describe('a filter', () => {
  it('leads_down_into_its_list_and_is_reached_by_slash', async () => {
    main.innerHTML = '<input value="cpu">';
    const input = main.querySelector('input') as HTMLInputElement;
    input.getClientRects = () => [{}] as unknown as DOMRectList;
    const cleanup = filterBox()(input);
    if (cleanup) cleanups.push(cleanup);
    add({ name: 'filtered' }, ['a']);
    await focusFilter();
    expect(document.activeElement).toBe(input);
    press('ArrowDown');
    expect(focused()).toBe('a');
  });

  it('keeps_the_arrow_down_while_it_suggests_something', () => {
    main.innerHTML = '<input aria-expanded="true">';
    const input = main.querySelector('input') as HTMLInputElement;
    const cleanup = filterBox()(input);
    if (cleanup) cleanups.push(cleanup);
    add({ name: 'suggested' }, ['a']);
    input.focus();
    press('ArrowDown');
    expect(document.activeElement).toBe(input);
  });
});

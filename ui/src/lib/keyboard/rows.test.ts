import { beforeEach, describe, expect, it } from 'vitest';
import { DomRows, step } from './rows';

function listOf(html: string): HTMLElement {
  const list = document.createElement('div');
  list.dataset['list'] = 'test';
  list.innerHTML = html;
  document.body.replaceChildren(list);
  return list;
}
const ROWS = ['a', 'b', 'c'].map((id) => `<button data-row="${id}">${id}</button>`).join('');
const stops = (list: HTMLElement): string[] =>
  [...list.querySelectorAll<HTMLElement>('[tabindex="0"]')].map((row) => row.textContent);

describe('keys in a list', () => {
  it('arrows_pages_and_ends_lead_to_a_row_and_other_keys_to_none', () => {
    const keys = ['ArrowUp', 'ArrowDown', 'PageUp', 'PageDown', 'Home', 'End', 'a'];
    expect(keys.map((key) => step(key, 5, 20, 8))).toEqual([4, 6, 0, 13, 0, 19, null]);
    expect(step('ArrowDown', 19, 20, 8)).toBe(20);
    expect(step('ArrowUp', 0, 20, 8)).toBe(-1);
  });
});

describe('rows of a list', () => {
  let list: HTMLElement;
  beforeEach(() => {
    list = listOf(ROWS);
  });

  it('one_row_is_reached_by_tab', () => {
    const rows = new DomRows(list);
    rows.refresh();
    expect(stops(list)).toEqual(['a']);
    rows.focus(2);
    expect(stops(list)).toEqual(['c']);
    expect(document.activeElement?.textContent).toBe('c');
  });

  it('current_row_stays_what_it_is_of_when_rows_come_and_go', () => {
    const rows = new DomRows(list);
    rows.focus(1);
    list.insertAdjacentHTML('afterbegin', '<button data-row="new">new</button>');
    rows.refresh();
    expect([rows.current(), stops(list)]).toEqual([2, ['b']]);
    list.innerHTML = ROWS;
    rows.refresh();
    expect([rows.current(), stops(list)]).toEqual([1, ['b']]);
    list.querySelector('[data-row="b"]')?.remove();
    rows.refresh();
    expect(stops(list)).toEqual(['c']);
  });

  it('row_that_was_current_before_is_current_again', () => {
    const rows = new DomRows(list, 'b');
    rows.refresh();
    expect(rows.current()).toBe(1);
  });

  it('row_is_focused_through_its_control_and_itself_while_that_is_disabled', () => {
    list = listOf('<p data-row="x"><input type="checkbox"><button data-open>x</button></p>');
    const rows = new DomRows(list);
    rows.focus(0);
    expect(document.activeElement?.tagName).toBe('BUTTON');
    list.querySelector('button')?.setAttribute('disabled', '');
    rows.refresh();
    rows.focus(0);
    expect(document.activeElement?.tagName).toBe('P');
  });

  it('enter_in_a_row_without_a_control_of_its_own_clicks_what_is_marked', () => {
    list = listOf('<p data-row="x"><button id="other">1</button><button id="marked" data-enter>2</button></p>');
    const clicked: string[] = [];
    list.addEventListener('click', (event) => clicked.push((event.target as Element).id));
    new DomRows(list).open(0);
    expect(clicked).toEqual(['marked']);
  });

  it('rows_of_a_list_inside_are_not_rows_of_the_list_around_it', () => {
    list = listOf(`${ROWS}<div data-list="inner"><button data-row="d">d</button></div>`);
    expect(new DomRows(list).total()).toBe(3);
  });
});

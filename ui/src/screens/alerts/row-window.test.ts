import { describe, expect, test } from 'vitest';
import { ariaSort, HEAD_HEIGHT, ROW_HEIGHT, RowWindow } from './row-window.svelte';

function rowWindow(total: number, height = 10 * ROW_HEIGHT): RowWindow {
  const rows = new RowWindow(() => total);
  rows.height = height;
  return rows;
}

describe('rows in view', () => {
  test('a long list renders the rows in view and a margin', () => {
    const rows = rowWindow(50_000);
    rows.top = 1000 * ROW_HEIGHT;
    expect([rows.first, rows.last, rows.indexes.length]).toEqual([992, 1017, 26]);
  });
  test('a short list renders every row once, and an empty one none', () => {
    expect(rowWindow(3).indexes).toEqual([0, 1, 2]);
    expect(rowWindow(0).indexes).toEqual([]);
  });
});

describe('keys in the list', () => {
  test('arrows, pages and ends move the current row within the list', () => {
    const rows = rowWindow(100);
    const press = (key: string): number => {
      rows.moveTo(rows.target(key) ?? -1);
      return rows.current;
    };
    expect(['ArrowUp', 'ArrowDown', 'PageDown', 'End', 'ArrowDown', 'PageUp', 'Home'].map(press)).toEqual([
      0, 1, 10, 99, 99, 90, 0,
    ]);
    expect(rows.target('a')).toBeNull();
  });
  test('a list that became shorter keeps its current row inside', () => {
    let total = 10;
    const rows = new RowWindow(() => total);
    rows.moveTo(9);
    total = 4;
    expect(rows.current).toBe(3);
  });
  test('scrolling shows the current row below the header with the least movement', () => {
    const rows = rowWindow(100);
    rows.top = 20 * ROW_HEIGHT;
    rows.moveTo(22);
    expect(rows.topToShowCurrent).toBe(rows.top);
    rows.moveTo(5);
    expect(rows.topToShowCurrent).toBe(5 * ROW_HEIGHT);
    rows.moveTo(40);
    expect(rows.topToShowCurrent + rows.height).toBe(HEAD_HEIGHT + 41 * ROW_HEIGHT);
  });
});

test('only the sorted column announces a direction', () => {
  expect(ariaSort('since', 'since', true)).toBe('descending');
  expect(ariaSort('since', 'since', false)).toBe('ascending');
  expect(ariaSort('name', 'since', false)).toBe('none');
  expect(ariaSort(undefined, 'since', false)).toBeUndefined();
});

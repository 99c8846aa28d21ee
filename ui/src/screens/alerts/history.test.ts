import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import type { Backend } from '../../lib/backend';
import type { AlertHistoryPage, Episode, PanelError } from '../../lib/contract';
import { panel } from '../../lib/state/panel.svelte';
import { AlertHistory, episodeLength, valueRange } from './history.svelte';

interface Call {
  hours: number;
  filter: string;
  offset: number;
  answer: (page: Partial<AlertHistoryPage>) => void;
  fail: (error: Partial<PanelError>) => void;
}
const episodes = (n: number): Episode[] => Array.from({ length: n }, (_, i) => ({ fingerprint: `f${i}` }) as Episode);

describe('alert history', () => {
  let calls: Call[];
  let filterErrors: (PanelError | null)[];
  let history: AlertHistory;
  let stop: () => void;
  beforeEach(() => {
    vi.useFakeTimers();
    calls = [];
    filterErrors = [];
    stop = panel.start({
      call: (name: string, request: Call) =>
        name === 'alert_history'
          ? new Promise((answer, fail) => calls.push({ ...request, answer, fail }))
          : new Promise(() => {}),
      subscribe: () => () => {},
    } as unknown as Backend);
    history = new AlertHistory((error) => filterErrors.push(error));
  });
  afterEach(() => {
    stop();
    vi.useRealTimers();
  });
  const settled = (): Promise<unknown> => vi.advanceTimersByTimeAsync(0);

  test('more episodes are appended behind those that are shown, until another page is loaded', async () => {
    void history.load(24, 'severity="critical"');
    calls[0]?.answer({ episodes: episodes(100), total: 230 });
    await settled();
    expect(history.nextCount).toBe(100);
    void history.loadMore();
    expect(calls[1]).toMatchObject({ hours: 24, filter: 'severity="critical"', offset: 100 });
    calls[1]?.answer({ episodes: episodes(100), total: 230 });
    await settled();
    expect([history.episodes.length, history.nextCount]).toEqual([200, 30]);
    void history.load(168, '');
    calls[2]?.answer({ episodes: episodes(2), total: 2 });
    await settled();
    expect([history.episodes.length, history.nextCount]).toEqual([2, 0]);
  });
  test('a late reply to an older request is dropped', async () => {
    void history.load(24, 'old');
    void history.load(24, 'new');
    calls[1]?.answer({ episodes: episodes(1), total: 1 });
    calls[0]?.answer({ episodes: episodes(5), total: 5 });
    await settled();
    expect(history.page?.total).toBe(1);
  });
  test('an invalid filter is reported to its box, any other failure is shown here and keeps the page', async () => {
    void history.load(24, '');
    calls[0]?.answer({ episodes: episodes(1), total: 1 });
    await settled();
    void history.load(24, 'a="');
    calls[1]?.fail({ code: 'invalid-request', message: 'Unterminated quote.' });
    await settled();
    expect(filterErrors.at(-1)?.message).toBe('Unterminated quote.');
    expect(history.error).toBeNull();
    void history.refresh();
    calls[2]?.fail({ code: 'timeout', message: 'No reply.' });
    await settled();
    expect([history.error?.code, history.page?.total]).toEqual(['timeout', 1]);
  });
  test('changed alerts reload it once every five seconds, and never after it was left', async () => {
    void history.load(24, '');
    history.changed();
    history.changed();
    await vi.advanceTimersByTimeAsync(4999);
    expect(calls).toHaveLength(1);
    await vi.advanceTimersByTimeAsync(1);
    expect(calls).toHaveLength(2);
    history.changed();
    history.stop();
    await vi.runAllTimersAsync();
    expect(calls).toHaveLength(2);
  });
});

test('an episode that is still firing lasts until now', () => {
  expect(episodeLength({ began: 1000, ended: 4000 }, 9000)).toBe(3000);
  expect(episodeLength({ began: 1000, ended: null }, 9000)).toBe(8000);
});
test('values are a range only when they differ, and a dash when none is known', () => {
  expect(valueRange({ lowest: 30, highest: 30 })).toBe('30');
  expect(valueRange({ lowest: 30, highest: 45 })).toBe('30 to 45');
  expect(valueRange({ lowest: null, highest: null })).toBe('–');
});

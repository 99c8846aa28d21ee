import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { fail, fakePanel, type FakePanel } from '../../lib/state/fake-panel';
import { groupPages, plainLine, Runbooks, type RunbookSummary } from './runbooks.svelte';

const page = (id: string, source: RunbookSummary['source']): RunbookSummary => ({ id, source }) as RunbookSummary;

test('pages are listed by source, and empty sources are left out', () => {
  const groups = groupPages([page('a', 'document'), page('b', 'own'), page('c', 'document')]);
  expect(groups.map((g) => [g.source, g.pages.map((p) => p.id)])).toEqual([
    ['own', ['b']],
    ['document', ['a', 'c']],
  ]);
});
test('the first line of a page is shown without its markup', () => {
  expect(plainLine('Run `aetherctl status`, **then** wait.')).toBe('Run aetherctl status, then wait.');
});

describe('the runbooks screen', () => {
  let fake: FakePanel;
  let down: boolean;
  beforeEach(() => {
    vi.useFakeTimers();
    down = false;
    fake = fakePanel((name, request: { text: string }) => {
      if (down) fail({ code: 'timeout', message: 'No reply.' });
      return name === 'runbook_search' ? { total: request.text.length, hits: [] } : { pages: [], runs: [] };
    });
  });
  afterEach(() => {
    fake.stop();
    vi.useRealTimers();
  });

  test('only the last of several quick inputs is searched for', async () => {
    const runbooks = new Runbooks();
    runbooks.search('c');
    runbooks.search('ca');
    await vi.advanceTimersByTimeAsync(149);
    expect(fake.calls).toEqual([]);
    await vi.advanceTimersByTimeAsync(1);
    expect(fake.calls).toEqual([['runbook_search', { text: 'ca' }]]);
    expect(runbooks.hits?.total).toBe(2);
  });
  test('an empty search shows all pages again, even while a reply is on its way', async () => {
    const runbooks = new Runbooks();
    runbooks.search('cache');
    vi.advanceTimersByTime(150);
    runbooks.search('  ');
    await vi.runAllTimersAsync();
    expect(runbooks.hits).toBeNull();
  });
  test('a failed search keeps its last hits, and a failed load its pages', async () => {
    const runbooks = new Runbooks();
    await runbooks.load();
    runbooks.search('cache');
    await vi.runAllTimersAsync();
    down = true;
    runbooks.search('cached');
    await vi.runAllTimersAsync();
    await runbooks.load();
    expect([runbooks.hits?.total, runbooks.searchError?.code]).toEqual([5, 'timeout']);
    expect([runbooks.list !== null, runbooks.error?.code]).toEqual([true, 'timeout']);
  });
});

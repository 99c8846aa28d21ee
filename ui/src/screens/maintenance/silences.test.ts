import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import type { SilenceFinding, SilencesPage } from '../../lib/contract';
import { fail, fakePanel, type FakePanel } from '../../lib/state/fake-panel';
import { ui } from '../../lib/state/ui.svelte';
import { groupFindings, missesMembers, SilenceList } from './silences.svelte';

const page = (total: number): SilencesPage => ({ rows: [{ id: 's-9' }], total }) as unknown as SilencesPage;
const finding = (silenceId: string, text: string): SilenceFinding =>
  ({ silenceId, text, createdBy: 'jo', endsAt: 5000 }) as SilenceFinding;

describe('the list of silences', () => {
  let fake: FakePanel;
  let total = 60;
  let down = false;
  beforeEach(() => {
    vi.useFakeTimers();
    [total, down] = [60, false];
    fake = fakePanel(() => (down ? fail({ code: 'timeout', message: 'No reply.' }) : page(total)));
  });
  afterEach(() => {
    fake.stop();
    vi.useRealTimers();
  });

  test('several changes cause one request, with the state and the trimmed search', async () => {
    const list = new SilenceList();
    list.search = '  db ';
    list.changed();
    list.show('pending');
    list.changed();
    await vi.runAllTimersAsync();
    expect(fake.calls).toEqual([['silences_page', { states: ['pending'], search: 'db', offset: 0, limit: 25 }]]);
  });
  test('another state starts at the first page, and showing all clears the search', () => {
    const list = new SilenceList();
    list.offset = 50;
    list.search = 'db';
    list.show('active');
    expect([list.offset, list.narrowed]).toEqual([0, true]);
    list.showAll();
    expect([list.state, list.search, list.narrowed]).toEqual(['all', '', false]);
  });
  test('a page that no longer exists leads back to the first one', async () => {
    const list = new SilenceList();
    list.offset = 50;
    await list.load();
    expect(list.offset).toBe(50);
    total = 50;
    await list.load();
    expect(list.offset).toBe(0);
  });
  test('a failure keeps the page, and nothing is loaded after the screen was left', async () => {
    const list = new SilenceList();
    await list.load();
    down = true;
    await list.load();
    expect([list.page?.total, list.error?.code]).toEqual([60, 'timeout']);
    list.changed();
    list.stop();
    await vi.runAllTimersAsync();
    expect(fake.calls).toHaveLength(2);
  });
  test('a finding asks about its silence even when that is on another page', async () => {
    await new SilenceList().askEnd('s-9');
    expect(fake.calls).toEqual([['silences_page', { states: [], search: 's-9', offset: 0, limit: 1 }]]);
    expect(ui.dialog).toMatchObject({ kind: 'maintenance-end', id: 's-9', silence: { id: 's-9' } });
    ui.dialog = null;
  });
});

test('findings of one silence are one entry', () => {
  expect(groupFindings([finding('a', 'Too broad.'), finding('b', 'No end.'), finding('a', 'No author.')])).toEqual([
    { id: 'a', createdBy: 'jo', endsAt: 5000, text: 'Too broad. No author.' },
    { id: 'b', createdBy: 'jo', endsAt: 5000, text: 'No end.' },
  ]);
});

test('only an active silence can be missing on a member', () => {
  expect(missesMembers({ state: 'active', members: 1, membersOf: 2 })).toBe(true);
  expect(missesMembers({ state: 'active', members: 2, membersOf: 2 })).toBe(false);
  expect(missesMembers({ state: 'expired', members: 0, membersOf: 2 })).toBe(false);
});

import { describe, expect, it } from 'vitest';
import type { RestoreItem, RestorePlan, RestoreRequest } from '../../lib/contract';
import { canRestore, canRestoreDashboard, compareDashboard, compareItem } from './restore-items';
import { RestoreSelection } from './restore-selection.svelte';

const item = (uid: string, more: Partial<RestoreItem> = {}): RestoreItem =>
  ({ uid, act: 'update', obstacle: null, choices: [], changes: [], liveVersion: 3, ...more }) as RestoreItem;
const plan = (items: RestoreItem[]): RestorePlan => ({ items, folders: [], notes: [] }) as unknown as RestorePlan;

const ITEMS = [
  item('a'),
  item('b', { act: 'choose', choices: ['keep', 'replace'] }),
  item('c', { act: 'identical' }),
  item('d', { act: 'create', liveVersion: null }),
];

async function selection(requests: RestoreRequest[] = []): Promise<RestoreSelection> {
  const made = new RestoreSelection('2026-11-27_14-05', 'dashboards', canRestoreDashboard, (request) => {
    requests.push(request);
    return Promise.resolve(plan(ITEMS.map((i) => (request.choices[i.uid] === 'replace' ? item(i.uid) : i))));
  });
  await made.refresh();
  return made;
}

describe('a restore selection', () => {
  it('select_all_skips_identical_items_and_clears_on_a_second_use', async () => {
    const restore = await selection();
    restore.toggleAll(['a', 'b', 'c', 'd']);
    expect(restore.selected.map((i) => i.uid)).toEqual(['a', 'b', 'd']);
    expect([restore.ready, restore.undecided]).toEqual([2, 1]);
    restore.toggleAll(['a', 'b', 'c', 'd']);
    expect(restore.picked.size).toBe(0);
  });
  it('choice_selects_its_item_unless_it_keeps_the_live_one', async () => {
    const restore = await selection();
    restore.decide('b', 'keep');
    expect(restore.picked.has('b')).toBe(false);
    restore.decide('b', 'replace');
    await restore.refresh();
    expect([restore.ready, restore.undecided]).toEqual([1, 0]);
    restore.decide('b', '');
    expect(restore.choices).toEqual({});
  });
  it('request_carries_choices_of_selected_items_only', async () => {
    const requests: RestoreRequest[] = [];
    const restore = await selection(requests);
    restore.decide('b', 'keep');
    restore.toggle('a');
    await restore.refresh();
    expect(requests.at(-1)).toMatchObject({ uids: [], choices: { b: 'keep' }, intoStack: null });
    expect(restore.requestSelected()).toMatchObject({ uids: ['a'], choices: {} });
  });
  it('another_target_forgets_folder_and_data_sources', async () => {
    const restore = await selection();
    restore.targetFolder = 'platform';
    restore.dataSources = { old: 'new' };
    restore.retarget('staging');
    expect(restore.request([])).toMatchObject({ intoStack: 'staging', intoFolder: null, dataSources: {} });
  });
  it('late_reply_never_replaces_a_newer_plan', async () => {
    const replies: ((plan: RestorePlan) => void)[] = [];
    const restore = new RestoreSelection('x', 'configs', canRestore, () => new Promise((done) => replies.push(done)));
    const [first, second] = [restore.refresh(), restore.refresh()];
    replies[1]?.(plan([item('new')]));
    replies[0]?.(plan([item('old')]));
    await Promise.all([first, second]);
    expect(restore.plan?.items.map((i) => i.uid)).toEqual(['new']);
  });
});

describe('a comparison with the live item', () => {
  it('dashboard_reports_how_many_panels_differ', () => {
    const changes = [{ panel: 'x' }, { panel: 'x' }, { panel: 'y' }] as RestoreItem['changes'];
    expect(compareDashboard(item('a', { changes })).text).toBe('2 panels differ');
    expect(compareDashboard(item('a')).text).toBe('moved');
    expect(compareDashboard(item('a', { liveVersion: null })).text).toBe('deleted');
  });
  it('item_without_a_live_counterpart_is_missing', () => {
    expect(compareItem(item('a', { act: 'create' })).text).toBe('missing');
    expect(compareItem(item('a', { act: 'identical' })).text).toBe('identical');
    expect(compareItem(item('a')).text).toBe('differs');
  });
});

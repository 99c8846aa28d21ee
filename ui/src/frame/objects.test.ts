import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { fail, fakePanel, type FakePanel } from '../lib/state/fake-panel';
import { ui } from '../lib/state/ui.svelte';
import { ObjectSearch, readQuery } from './objects.svelte';
import { arrange, type Command } from './search';

const alert = (name: string, over: object = {}) => ({
  fingerprint: `f-${name}`,
  name,
  labels: { alertname: name, tenant_id: 'acme' },
  annotations: {},
  tenant: 'acme',
  severity: 'critical',
  state: 'firing',
  ack: null,
  ...over,
});
const REPLIES: Record<string, unknown> = {
  alerts_page: {
    rows: [alert('LowConfidence'), alert('LowCache')],
    facets: [{ values: [{ name: 'low-tenant', count: 2 }] }],
  },
  maintenance_history: { rows: [{ id: 'w1', reason: 'Low traffic', createdBy: 'bob', outcome: 'ended' }] },
  rules_list: { groups: [{ rules: [{ kind: 'alerting', id: { name: 'LowConfidence', group: 'g', file: 'f' } }] }] },
  runbook_list: { pages: [{ id: 'LowConfidence', title: 'Low confidence' }] },
  backup_list: { backups: [{ id: '2026-01-01', reason: 'Low risk', createdBy: 'bob' }] },
  backup_find: {
    found: [
      { backup: 'new', madeAt: 2, dashboard: { uid: 'd', path: 'new.json', title: 'Low latency', folder: [] } },
      { backup: 'old', madeAt: 1, dashboard: { uid: 'd', path: 'old.json', title: 'Low latency', folder: [] } },
    ],
  },
};

describe('objects in the palette', () => {
  let panel: FakePanel;
  let objects: ObjectSearch;
  let broken: string[] = [];
  beforeEach(() => {
    vi.useFakeTimers();
    broken = [];
    panel = fakePanel((name) =>
      broken.includes(name) ? fail({ code: 'network', message: 'down' }) : (REPLIES[name] ?? fail({ message: name })),
    );
    objects = new ObjectSearch();
  });
  afterEach(() => {
    objects.stop();
    panel.stop();
    ui.dialog = null;
    vi.useRealTimers();
  });
  const type = async (query: string): Promise<void> => {
    objects.type(query);
    await vi.advanceTimersByTimeAsync(500);
  };
  const ids = (list: readonly Command[]): string[] => list.map((c) => c.id);

  test('what_was_found_before_is_offered_only_while_it_fits_what_is_typed', async () => {
    await type('low');
    expect(ids(objects.found.tenants)).not.toEqual([]);
    objects.type('low-t');
    expect(ids(objects.found.tenants)).not.toEqual([]);
    expect(ids(objects.found.windows)).toEqual([]);
    objects.type('low-t elsewhere');
    expect(Object.values(objects.found).flat()).toEqual([]);
    await type('low');
    objects.type('ack low');
    expect(Object.values(objects.found).flat()).toEqual([]);
  });

  test('panel_is_asked_once_after_a_pause_and_only_when_something_is_typed', async () => {
    await type('');
    expect(panel.calls).toEqual([]);
    objects.type('l');
    objects.type('lo');
    await type('low');
    expect(panel.calls.filter(([name]) => name === 'rules_list')).toHaveLength(1);
    expect(panel.calls.filter(([name]) => name === 'backup_find').map(([, request]) => request)).toEqual([
      { query: 'low' },
    ]);
    await type('low c');
    expect(panel.calls.filter(([name]) => name === 'rules_list')).toHaveLength(1);
  });

  test('object_of_every_kind_is_found_by_name', async () => {
    await type('low');
    expect(ids(objects.found.alerts).slice(0, 2)).toEqual(['alert-f-LowConfidence', 'alert-f-LowCache']);
    expect(ids(objects.found.tenants)).toEqual(['tenant-low-tenant']);
    expect(ids(objects.found.windows)).toEqual(['past-window-w1']);
    expect(ids(objects.found.rules)).toEqual(['rule-alerting-g-LowConfidence-f']);
    expect(ids(objects.found.runbooks)).toEqual(['page-LowConfidence']);
    expect(ids(objects.found.backups)).toEqual(['backup-2026-01-01']);
    expect(objects.found.dashboards.map((c) => c.title)).toEqual(['Low latency – in new']);
  });

  test('verb_lists_that_action_of_every_alert_found_and_nothing_acts_without_its_dialog', async () => {
    await type('silence low');
    expect(ids(objects.found.alerts)).toEqual(['silence-f-LowConfidence', 'silence-f-LowCache']);
    expect(objects.found.rules).toEqual([]);
    const before = panel.calls.length;
    objects.found.alerts[0]?.run();
    expect(ui.dialog).toMatchObject({ kind: 'maintenance-start' });
    await type('ack low');
    objects.found.alerts[0]?.run();
    expect(ui.alertFocus).toBe('note');
    expect(panel.calls.slice(before).map(([name]) => name)).not.toContain('alert_acknowledge');
  });

  test('source_that_fails_is_named_and_hides_no_other', async () => {
    broken = ['alerts_page', 'backup_find'];
    await type('low');
    expect(objects.failed.map((f) => f.source).sort()).toEqual(['alerts', 'dashboards', 'tenants']);
    expect(ids(objects.found.rules)).toHaveLength(1);
    broken = [];
    await type('low ');
    expect(objects.failed).toEqual([]);
    expect(objects.found.alerts.length).toBeGreaterThan(0);
  });

  test('query_is_read_as_words_and_a_verb', () => {
    expect(readQuery('  low   confidence ')).toEqual({ words: 'low confidence', action: null });
    expect(readQuery('Acknowledge low')).toEqual({ words: 'low', action: 'acknowledge' });
    expect(readQuery('runbook of low')).toEqual({ words: 'low', action: 'runbook' });
    expect(readQuery('silent')).toEqual({ words: 'silent', action: null });
    expect(readQuery('sile')).toEqual({ words: '', action: 'silence' });
    expect(readQuery('runner')).toEqual({ words: 'runner', action: null });
  });

  test('sections_are_ordered_by_their_best_item_and_empty_ones_left_out', () => {
    const command = (title: string): Command => ({ id: title, group: '', title, icon: 'bell', run: () => {} });
    const sections = [
      { title: 'keywords', items: [command('something')] },
      { title: 'none', items: [] },
      { title: 'inside', items: [command('a low one')] },
      { title: 'start', items: [command('other low'), command('low')] },
    ];
    expect(arrange(sections, 'low').map((s) => s.title)).toEqual(['start', 'inside', 'keywords']);
  });
});

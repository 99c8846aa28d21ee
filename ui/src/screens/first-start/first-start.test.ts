import { afterEach, describe, expect, test } from 'vitest';
import type { CommandName, DiscoverReport, Snapshot } from '../../lib/contract';
import { fail, fakePanel, type FakePanel } from '../../lib/state/fake-panel';
import { panel } from '../../lib/state/panel.svelte';
import { ui } from '../../lib/state/ui.svelte';
import { FirstStart } from './first-start.svelte';

const REPORT: DiscoverReport = {
  found: [
    { service: 'prometheus', url: 'http://localhost:9090', version: '2.54.1' },
    { service: 'prometheus', url: 'http://localhost:9091', version: null },
    { service: 'alertmanager', url: 'http://localhost:9093', version: '0.27.0' },
  ],
  tried: [],
};

let fake: FakePanel;
afterEach(() => {
  fake.stop();
  ui.firstStartSkipped = false;
});
function started(reply: (name: CommandName) => unknown = () => REPORT): FirstStart {
  fake = fakePanel(reply);
  return new FirstStart();
}

describe('the search for services', () => {
  test('the first server found of each kind is filled in', async () => {
    const first = started();
    await first.search();
    expect(first.urls).toEqual({
      prometheus: 'http://localhost:9090',
      alertmanager: 'http://localhost:9093',
      grafana: '',
    });
    expect([first.discovered('prometheus')?.version, first.discovered('grafana')]).toEqual(['2.54.1', undefined]);
  });
  test('a URL that was typed is never replaced, and is not marked as found', async () => {
    const first = started();
    first.urls.prometheus = 'http://prometheus.internal:9090';
    first.edited('prometheus');
    await first.search();
    expect(first.urls.prometheus).toBe('http://prometheus.internal:9090');
    expect(first.discovered('prometheus')).toBeUndefined();
  });
  test('a search that fails leaves the fields to be filled in by hand', async () => {
    const first = started(() => fail({ code: 'internal', message: 'No sockets.' }));
    await first.search();
    expect([first.error?.message, first.report]).toEqual(['No sockets.', null]);
    first.urls.prometheus = 'http://localhost:9090';
    expect(first.canTest).toBe(true);
  });
});

describe('the steps', () => {
  test('an invalid URL, or none at all, keeps the first step', () => {
    const first = started();
    first.next();
    expect(first.step).toBe(1);
    first.urls.prometheus = 'no address ';
    first.next();
    expect([first.step, first.problem('prometheus') === '']).toEqual([1, false]);
    first.urls.prometheus = 'http://localhost:9090';
    first.next();
    expect(first.step).toBe(2);
    first.next();
    first.back();
    first.back();
    first.back();
    expect(first.step).toBe(1);
  });
  test('an edited URL has to be tested again', () => {
    const first = started();
    first.urls.prometheus = 'http://localhost:9090';
    first.tested('prometheus', true);
    expect(first.allReachable).toBe(true);
    first.edited('prometheus');
    expect(first.allReachable).toBe(false);
  });
});

describe('saving the stack', () => {
  test('a new stack takes the tenants of the built-in one, and is selected', async () => {
    const first = started((name) =>
      name === 'stack_detail'
        ? { tenantLabel: 'customer', vipTenants: ['acme'], heartbeat: 'Watchdog' }
        : { name: 'local' },
    );
    panel.snapshot = { stacks: { active: 'built-in' } } as unknown as Snapshot;
    await first.loadBase();
    first.urls.prometheus = ' http://localhost:9090 ';
    await first.save();
    expect(fake.calls[1]).toMatchObject([
      'stack_save',
      {
        name: 'local',
        tenantLabel: 'customer',
        vipTenants: ['acme'],
        heartbeat: 'Watchdog',
        prometheus: { urls: ['http://localhost:9090'] },
        grafana: { urls: [] },
        select: true,
      },
    ]);
    expect([ui.firstStartSkipped, ui.route.screen]).toEqual([true, 'overview']);
  });
  test('a stack that was rejected, or has an invalid name, is not left', async () => {
    const first = started(() => fail({ code: 'invalid-request', message: 'Name in use.' }));
    await first.save();
    expect([first.error?.message, first.saving, ui.firstStartSkipped]).toEqual(['Name in use.', false, false]);
    first.name = '../x';
    await first.save();
    expect(fake.calls).toHaveLength(1);
  });
});

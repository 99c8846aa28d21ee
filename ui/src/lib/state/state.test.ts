import { describe, expect, it, vi } from 'vitest';
import type { Backend, Connection } from '../backend';
import type { Freshness, Gauge, PanelEvent, Snapshot, SnapshotDelta } from '../contract';
import { mockBackend } from '../backend/mock';
import { apply } from './delta';
import { age } from './freshness';
import { PanelState } from './panel.svelte';
import { verdict } from './verdict';

async function loaded(): Promise<Snapshot> {
  return mockBackend().call('snapshot', {});
}
const delta = (base: number, more: Partial<SnapshotDelta> = {}): SnapshotDelta => ({
  base,
  revision: base + 1,
  at: 0,
  gaugesReplaced: false,
  ...more,
});

describe('a delta', () => {
  it('applies only to its base revision', async () => {
    const s = await loaded();
    expect(apply(s, delta(s.revision)).kind).toBe('applied');
    expect(apply(s, delta(s.revision + 1)).kind).toBe('gap');
    expect(apply(s, delta(s.revision - 1)).kind).toBe('old');
  });
  it('keeps the identity of what did not change', async () => {
    const s = await loaded();
    const changed = { ...(s.gauges[1] as Gauge), value: 99 };
    const result = apply(s, delta(s.revision, { gauges: [changed] }));
    if (result.kind !== 'applied') throw new Error('not applied');
    expect(result.snapshot.gauges[0]).toBe(s.gauges[0]);
    expect(result.snapshot.gauges[1]).toBe(changed);
    expect(result.snapshot.services).toBe(s.services);
  });
  it('does not add a gauge that it does not replace, and replaces all when it says so', async () => {
    const s = await loaded();
    const other = { ...(s.gauges[0] as Gauge), spec: { ...(s.gauges[0] as Gauge).spec, id: 'other' } };
    const updated = apply(s, delta(s.revision, { gauges: [other] }));
    const replaced = apply(s, delta(s.revision, { gauges: [other], gaugesReplaced: true }));
    if (updated.kind !== 'applied' || replaced.kind !== 'applied') throw new Error('not applied');
    expect(updated.snapshot.gauges).toHaveLength(s.gauges.length);
    expect(replaced.snapshot.gauges).toEqual([other]);
  });
});

describe('freshness', () => {
  const at = 1_000_000;
  const fresh: Freshness = { state: 'fresh', at };
  it('turns stale on its own after two polls and a margin', () => {
    expect(age(fresh, at + 44_000, 15).kind).toBe('fresh');
    expect(age(fresh, at + 46_000, 15)).toEqual({ kind: 'stale', at, error: null });
  });
  it('is otherwise the state that the panel reports', () => {
    expect(age({ state: 'absent' }, at, 15).kind).toBe('absent');
    expect(age({ state: 'loading' }, at, 15).kind).toBe('loading');
  });
});

describe('the window’s copy', () => {
  function fake(s: Snapshot) {
    let tell: (e: PanelEvent) => void = () => {};
    let connection: (c: Connection) => void = () => {};
    const call = vi.fn(() => Promise.resolve(s));
    const backend: Backend = {
      call: call,
      subscribe(onEvent, onConnection) {
        tell = onEvent;
        connection = onConnection ?? connection;
        return () => {};
      },
    };
    return { backend, call, tell: (e: PanelEvent) => tell(e), connection: (c: Connection) => connection(c) };
  }
  const settle = (): Promise<void> => new Promise((done) => setTimeout(done, 0));

  it('applies deltas that arrived before the snapshot', async () => {
    const s = await loaded();
    const f = fake(s);
    const state = new PanelState();
    state.start(f.backend);
    f.tell({ kind: 'delta', data: delta(s.revision, { banners: [{ id: 'b', level: 'warn', text: 't' }] }) });
    await settle();
    expect(state.snapshot?.banners).toHaveLength(1);
  });
  it('requests the snapshot again when a delta is missing', async () => {
    const s = await loaded();
    const f = fake(s);
    const state = new PanelState();
    state.start(f.backend);
    await settle();
    f.tell({ kind: 'delta', data: delta(s.revision + 5) });
    await settle();
    expect(f.call).toHaveBeenCalledTimes(2);
  });
  it('requests the snapshot again after a lost connection', async () => {
    const f = fake(await loaded());
    const state = new PanelState();
    state.start(f.backend);
    await settle();
    f.connection('lost');
    expect(state.connection).toBe('lost');
    f.connection('open');
    await settle();
    expect(f.call).toHaveBeenCalledTimes(2);
  });
  it('forwards a request for a screen', async () => {
    const f = fake(await loaded());
    const state = new PanelState();
    const seen: string[] = [];
    state.onNavigate = (to) => seen.push(to.screen);
    state.start(f.backend);
    f.tell({ kind: 'navigate', data: { screen: 'alerts', filter: '', query: '' } });
    expect(seen).toEqual(['alerts']);
  });
});

describe('the headline', () => {
  async function calm(): Promise<Snapshot> {
    const s = await loaded();
    const now = Date.now();
    const zero = {
      pending: 0,
      firing: 0,
      silenced: 0,
      inhibited: 0,
      muted: 0,
      resolved: 0,
      critical: 0,
      warning: 0,
      other: 0,
      vip: 0,
      undelivered: 0,
      suppressedCritical: 0,
      suppressedWarning: 0,
    };
    return {
      ...s,
      services: s.services.map((x) => ({ ...x, freshness: { state: 'fresh', at: now } })),
      gauges: s.gauges.map((g) => ({ ...g, level: 'ok' })),
      alerts: { ...s.alerts, counts: zero, freshness: { state: 'fresh', at: now } },
    };
  }
  const with_ = (s: Snapshot, counts: Partial<Snapshot['alerts']['counts']>): Snapshot => ({
    ...s,
    alerts: { ...s.alerts, counts: { ...s.alerts.counts, ...counts } },
  });
  const error = { code: 'refused', message: 'm', hint: '', retryable: true, source: 'x', detail: '' } as const;

  it('is healthy only when everything is known and on target', async () =>
    expect(verdict(await calm(), Date.now()).answer).toBe('Healthy'));
  it('is never healthy on stale data', async () => {
    const s = await calm();
    expect(
      verdict({ ...s, alerts: { ...s.alerts, freshness: { state: 'stale', at: Date.now() - 1e6, error } } }, Date.now())
        .tone,
    ).toBe('warn');
    expect(verdict(s, Date.now() + 3_600_000).tone).toBe('warn');
  });
  it('is unknown when no server has responded', async () => {
    const s = await calm();
    const never = { state: 'never', error } as const;
    const v = verdict(
      {
        ...s,
        services: s.services.map((x) => ({ ...x, freshness: never })),
        alerts: { ...s.alerts, freshness: never },
      },
      Date.now(),
    );
    expect([v.tone, v.answer]).toEqual(['none', 'Unknown']);
  });
  it('muted alerts stand beside every verdict', async () => {
    const s = await calm();
    const muted = { silenced: 2, inhibited: 1, suppressedCritical: 1 };
    const alone = verdict(with_(s, muted), Date.now());
    expect([alone.tone, alone.because]).toEqual(['mute', '3 alerts firing but muted, 1 critical']);
    for (const counts of [{ firing: 1, critical: 1 }, { firing: 1, warning: 1 }, { pending: 1 }])
      expect(verdict(with_(s, { ...muted, ...counts }), Date.now()).because).toContain('3 muted · 1 critical');
  });
  it('puts the worst first', async () => {
    const s = await calm();
    expect(verdict(with_(s, { critical: 2, warning: 3, firing: 5, vip: 1 }), Date.now())).toEqual({
      tone: 'crit',
      answer: '2 critical alerts',
      because: 'and 3 warnings · 1 alert affects a VIP tenant',
    });
    expect(verdict(with_(s, { undelivered: 1 }), Date.now()).tone).toBe('crit');
    expect(verdict(with_(s, { warning: 1, firing: 1 }), Date.now()).answer).toBe('Degraded');
    expect(verdict(with_(s, { pending: 1 }), Date.now()).answer).toBe('Alerts pending');
    expect(verdict(with_(s, { silenced: 1 }), Date.now()).tone).toBe('mute');
  });
  it('ignores a heartbeat', async () =>
    expect(verdict(with_(await calm(), { firing: 1, other: 1 }), Date.now()).tone).toBe('ok'));
  it('does not call an idle stack healthy', async () => {
    const s = await calm();
    expect(
      verdict(
        { ...s, gauges: s.gauges.map((g) => ({ ...g, state: 'no-traffic', value: null, level: 'none' })) },
        Date.now(),
      ).answer,
    ).toBe('No recent traffic');
  });
});

// Made-up data for looking at the window without a server. Never in a production build (see the bundle's test).
import type {
  Freshness,
  Gauge,
  GaugeSpec,
  Level,
  MemberStatus,
  PanelError,
  ServiceKind,
  ServiceStatus,
  TenantValue,
} from '../../contract';

export type Scene = 'loaded' | 'calm' | 'empty' | 'stale' | 'never' | 'loading' | 'hostile' | 'idle' | 'huge' | 'first';

let seed = 20261124;
export function random(): number {
  seed = (seed * 48271) % 2147483647;
  return seed / 2147483647;
}

export const MINUTE = 60_000;
export const refused = (service: string, port: number): PanelError => ({
  code: 'refused',
  message: `${service} at http://localhost:${port} refused the connection.`,
  hint: `Is it running? Start it, or correct its address in Settings.`,
  retryable: true,
  source: service.toLowerCase(),
  detail: `GET http://localhost:${port}/api\nconnect ECONNREFUSED 127.0.0.1:${port} (os error 111)`,
});

export const BIDI = 'evil\u202Etxt.exe\u202C<img src=x onerror=alert(1)>';
export const LONG = 'A'.repeat(1_000_000);

export function freshness(scene: Scene, service: ServiceKind, now: number): Freshness {
  const title = { prometheus: 'Prometheus', alertmanager: 'Alertmanager', grafana: 'Grafana' }[service];
  const port = { prometheus: 9090, alertmanager: 9093, grafana: 3000 }[service];
  if (scene === 'loading') return { state: 'loading' };
  if (scene === 'never') return { state: 'never', error: refused(title, port) };
  if (scene === 'stale') return { state: 'stale', at: now - 4 * MINUTE - 12_000, error: refused(title, port) };
  return { state: 'fresh', at: now - 2000 };
}

const member = (scene: Scene, kind: ServiceKind, url: string, version: string, now: number): MemberStatus => ({
  url,
  freshness: freshness(scene, kind, now),
  version: scene === 'never' || scene === 'loading' ? null : version,
  latencyMs: scene === 'never' || scene === 'loading' ? null : 4,
  clockOffsetMs: 120,
  credentialsExposed: false,
});

export function services(scene: Scene, now: number): ServiceStatus[] {
  const make = (kind: ServiceKind, title: string, urls: string[], version: string, interval: number): ServiceStatus => {
    const members = urls.map((u) => member(scene, kind, u, version, now));
    return {
      kind,
      title,
      freshness: freshness(scene, kind, now),
      version: members[0]?.version ?? null,
      flavour: null,
      members,
      webUrl: urls[0] ?? '',
      intervalS: interval,
      nextPoll: now + 5000,
    };
  };
  const list = [
    make('prometheus', 'Prometheus', ['http://localhost:9090'], '2.54.1', 15),
    make('alertmanager', 'Alertmanager', ['http://am-0:9093', 'http://am-1:9093', 'http://am-2:9093'], '0.27.0', 10),
    make('grafana', 'Grafana', ['http://localhost:3000'], '11.2.0', 30),
  ];
  if (scene === 'loaded') {
    const grafana = list[2];
    if (grafana) grafana.freshness = { state: 'stale', at: now - 48_000, error: refused('Grafana', 3000) };
    const m = grafana?.members[0];
    if (m && grafana) m.freshness = grafana.freshness;
  }
  if (scene === 'hostile') {
    const p = list[0];
    if (p) {
      p.version = BIDI;
      p.flavour = '<b>Mimir</b>';
    }
  }
  return list;
}

const spec = (
  id: string,
  title: string,
  unit: string,
  window: string,
  max: number,
  warn: number,
  critical: number,
  higherIsBetter: boolean,
): GaugeSpec => ({
  id,
  title,
  unit,
  window,
  min: 0,
  max,
  warn,
  critical,
  higherIsBetter,
  query: `aether:${id.replace(/-/g, '_')}:${window.replace(' ', '')}:all`,
  perTenantQuery: id === 'health-score' ? null : `aether:${id.replace(/-/g, '_')}:${window.replace(' ', '')}`,
});
export const SPECS: [GaugeSpec, number][] = [
  [spec('cache-hit-ratio', 'Cache hit ratio', 'percent', '5 min', 100, 50, 30, true), 38.4],
  [spec('low-confidence', 'Low confidence', 'percent', '15 min', 100, 30, 50, false), 21.7],
  [spec('rerank-utilization', 'Rerank utilization', 'percent', '15 min', 100, 60, 80, false), 44],
  [spec('estimated-cost', 'Estimated cost', 'usd', '30 d', 250, 50, 200, false), 61.2],
  [spec('health-score', 'Health score', 'score', '15 min', 100, 80, 60, true), 57],
];

export function level(s: GaugeSpec, v: number): Level {
  const past = (t: number): boolean => (s.higherIsBetter ? v < t : v > t);
  return past(s.critical) ? 'critical' : past(s.warn) ? 'warn' : 'ok';
}

const TENANTS = [
  'vip-customer-123',
  'vip-customer-456',
  'partner-abc',
  'shop-7',
  'shop-12',
  'acme',
  'globex',
  'initech',
  'umbrella',
  'hooli',
  'stark',
  'wayne',
];
const calm: Record<string, number> = {
  'cache-hit-ratio': 71.3,
  'low-confidence': 12.4,
  'rerank-utilization': 34.2,
  'estimated-cost': 31.94,
  'health-score': 87,
};

export function tenants(scene: Scene, s: GaugeSpec, value: number): TenantValue[] {
  const names =
    scene === 'hostile'
      ? [BIDI, LONG, '', 'مرحبا-tenant', ...TENANTS]
      : scene === 'huge'
        ? [...TENANTS, ...Array.from({ length: 4000 }, (_, i) => `tenant-${i}`)]
        : TENANTS;
  return names.map((tenant, i) => {
    if (i === 5) return { tenant, vip: false, state: 'no-traffic', value: null, level: 'none' };
    const v = Math.max(0, value * (0.7 + ((i * 37) % 60) / 100));
    return { tenant, vip: i < 3, state: 'value', value: v, level: level(s, v) };
  });
}

export function gauges(scene: Scene, now: number): Gauge[] {
  if (scene === 'empty') return [];
  return SPECS.map(([s, busy], i) => {
    const value =
      scene === 'calm'
        ? (calm[s.id] ?? busy)
        : scene === 'hostile'
          ? [123456789.12, -40, 0.0001, 987654321, 57][i]!
          : busy;
    const idle = scene === 'idle' || (scene === 'calm' && i === 2);
    const none = scene === 'never' || scene === 'loading';
    const t = none || idle || s.perTenantQuery === null ? [] : tenants(scene, s, value);
    let y = value;
    const spark = Array.from({ length: 96 }, () => {
      y += (random() - 0.5) * value * 0.08 + (value - y) * 0.06;
      return y;
    });
    return {
      spec: scene === 'hostile' && i === 0 ? { ...s, title: `${BIDI} ${'long '.repeat(60)}`, unit: '<script>' } : s,
      freshness: freshness(scene, 'prometheus', now),
      state: none ? 'unknown' : idle ? 'no-traffic' : scene === 'hostile' && i === 4 ? 'infinite' : 'value',
      value: none || idle ? null : value,
      at: none ? null : now - 2000,
      level: none || idle ? 'none' : level(s, value),
      note: s.id === 'estimated-cost' && !none ? '12 d of 30 d covered' : '',
      tenants: t.slice(0, 8),
      tenantCount: t.length,
      spark: none || idle ? [] : spark,
      sparkLow: none || idle ? [] : spark.map((v) => (v === null ? null : v * 0.97)),
      sparkHigh: none || idle ? [] : spark.map((v, i) => (v === null ? null : v * (i % 31 === 7 ? 1.12 : 1.03))),
      sparkHours: 6,
    };
  });
}

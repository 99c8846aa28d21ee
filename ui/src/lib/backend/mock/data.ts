// Made-up data for looking at the window without a server. Never in a production build (see the bundle's test).
import type {
  AlertRow,
  Freshness,
  Gauge,
  GaugeSpec,
  Level,
  MemberStatus,
  PanelError,
  ServiceKind,
  ServiceStatus,
  Silence,
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
      sparkHours: 6,
    };
  });
}

const row = (
  i: number,
  name: string,
  severity: AlertRow['severity'],
  state: AlertRow['state'],
  tenant: string | null,
  since: number,
  value: number | null,
  summary: string,
  now: number,
): AlertRow => ({
  fingerprint: (0xabc0000000 + i).toString(16).padStart(16, '0'),
  name,
  severity,
  state,
  tenant,
  vip: tenant?.startsWith('vip') === true || tenant === 'partner-abc',
  labels: {
    alertname: name,
    severity: severity === 'warning' ? 'general' : severity,
    ...(tenant ? { tenant_id: tenant } : {}),
    job: 'aetherlink-api',
    instance: 'api-1:8000',
    stack: 'production',
  },
  annotations: {
    summary,
    description: `${summary}. Value now **${value ?? 'unknown'}**.\n\n1. Look at \`aether_cache_requests_total\` by tenant.\n2. Follow the [runbook](https://runbooks.example/alerts).`,
    runbook_url: 'https://runbooks.example/alerts',
  },
  since: now - since,
  firesAt: state === 'pending' ? now + 400_000 : null,
  value,
  valueText: value === null ? '' : String(value),
  receivers: severity === 'critical' ? ['slack-ops', 'pager'] : ['slack-ops'],
  silencedBy:
    state === 'silenced'
      ? [{ id: '5f0e6d1c-8a1b-4a43-9d0f-1', by: 'alice', comment: 'Rolling deploy v2.3.0', until: now + 24 * MINUTE }]
      : [],
  inhibitedBy: state === 'inhibited' ? ['000000abc0000000'] : [],
  links: [
    { kind: 'source', url: 'http://localhost:9090/graph?g0.expr=x' },
    { kind: 'runbook', url: 'https://runbooks.example/alerts' },
    { kind: 'alertmanager', url: 'http://localhost:9093/#/alerts' },
  ],
  delivered: true,
  leftOut: 0,
  members: 3,
  membersOf: 3,
  ack: i === 4 ? { by: 'bob', note: 'Warming the cache by hand', at: now - 600_000 } : null,
  escalatesAt:
    state === 'firing' && severity !== 'info' && severity !== 'other'
      ? now - since + (tenant?.startsWith('vip') || tenant === 'partner-abc' ? 5 : 60) * MINUTE
      : null,
});

export function alerts(scene: Scene, now: number): AlertRow[] {
  if (scene === 'empty' || scene === 'never' || scene === 'loading' || scene === 'calm' || scene === 'idle') return [];
  const list = [
    row(
      0,
      'LowConfidenceSpikeVIP',
      'critical',
      'firing',
      'vip-customer-123',
      230_000,
      47.2,
      'Low-confidence share above 40 % for vip-customer-123',
      now,
    ),
    row(
      1,
      'CacheEffectivenessDropVIP',
      'critical',
      'silenced',
      'partner-abc',
      12 * MINUTE,
      14.8,
      'Cache hit ratio below 20 % for partner-abc',
      now,
    ),
    row(2, 'HealthScoreDegradation', 'warning', 'pending', null, 500_000, 57, 'Health score below 60', now),
    row(
      3,
      'CacheEffectivenessDrop',
      'warning',
      'firing',
      'shop-7',
      41 * MINUTE,
      22,
      'Cache hit ratio below 30 % for shop-7',
      now,
    ),
    row(
      4,
      'CacheEffectivenessDrop',
      'warning',
      'firing',
      'shop-12',
      38 * MINUTE,
      27.4,
      'Cache hit ratio below 30 % for shop-12',
      now,
    ),
    row(
      5,
      'LowConfidenceSpike',
      'warning',
      'firing',
      'acme',
      26 * MINUTE,
      33.9,
      'Low-confidence share above 30 % for acme',
      now,
    ),
    row(
      6,
      'CacheEffectivenessDrop',
      'warning',
      'inhibited',
      'initech',
      12 * MINUTE,
      18.3,
      'Cache hit ratio below 30 % for initech',
      now,
    ),
    row(
      7,
      'LowConfidenceSpike',
      'warning',
      'pending',
      'umbrella',
      4 * MINUTE,
      31.2,
      'Low-confidence share above 30 % for umbrella',
      now,
    ),
    row(8, 'Watchdog', 'info', 'firing', null, 8 * 86_400_000, 1, 'Always firing: the way to the pager is open', now),
    row(
      9,
      'CacheEffectivenessDrop',
      'warning',
      'resolved',
      'globex',
      90 * MINUTE,
      41,
      'Cache hit ratio below 30 % for globex',
      now,
    ),
  ];
  if (scene === 'hostile') {
    const bad = row(
      20,
      BIDI,
      'critical',
      'firing',
      LONG,
      60_000,
      Number.MAX_VALUE,
      '<script>alert(1)</script>\u2067\u2066 reversed',
      now,
    );
    bad.labels = {
      ...bad.labels,
      ['x'.repeat(5000)]: LONG,
      html: '<b onmouseover=alert(1)>bold</b>',
      bidi: BIDI,
      empty: '',
      lines: 'a\nb\nc',
    };
    bad.annotations = {
      summary: bad.annotations.summary ?? '',
      description: LONG,
      ['<i>n</i>']: 'javascript:alert(1)',
      markdown:
        '[x](javascript:alert(1)) [y](https://a@evil.example) ![p](https://evil.example/p.png) <img src=x onerror=alert(1)> <a href="javascript:alert(1)">z</a>\n\n| a |\n|---|\n| ' +
        BIDI +
        ' |',
      deep: '>'.repeat(4000),
    };
    bad.valueText = '+Inf';
    bad.delivered = false;
    list.unshift(bad, row(21, '', 'other', 'firing', '', -5000, null, '', now));
  }
  if (scene === 'huge')
    for (let i = 0; i < 49_990; i += 1)
      list.push(
        row(
          100 + i,
          'CacheEffectivenessDrop',
          i % 50 === 0 ? 'critical' : 'warning',
          i % 7 === 0 ? 'pending' : 'firing',
          `tenant-${i}`,
          (i % 5000) * 1000,
          20 + (i % 10),
          `Cache hit ratio below 30 % for tenant-${i}`,
          now,
        ),
      );
  return list;
}

export function silences(scene: Scene, now: number): Silence[] {
  if (scene === 'empty' || scene === 'never' || scene === 'loading') return [];
  const make = (
    i: number,
    state: Silence['state'],
    from: number,
    to: number,
    by: string,
    comment: string,
    matchers: Silence['matchers'],
    window: string | null,
    mutes = 0,
  ): Silence => ({
    id: `5f0e6d1c-8a1b-4a43-9d0f-${i}`,
    matchers,
    state,
    startsAt: now + from,
    endsAt: now + to,
    updatedAt: now + from,
    createdBy: by,
    comment,
    window,
    mutes,
    members: 3,
    membersOf: 3,
  });
  const all = [
    { name: 'alertname', value: '.+', isRegex: true, isEqual: true },
    { name: 'alertname', value: 'Watchdog', isRegex: false, isEqual: false },
  ];
  const list = [
    make(
      2,
      'active',
      -3_600_000,
      3 * 3_600_000,
      'carol',
      'Batch cluster is being moved',
      [{ name: 'job', value: 'batch', isRegex: false, isEqual: true }],
      null,
      0,
    ),
    make(3, 'pending', 7_200_000, 10_800_000, 'bob', 'Database upgrade', all, 'w-3'),
    ...Array.from({ length: 60 }, (_, i) =>
      make(
        10 + i,
        'expired',
        -(i + 1) * 86_400_000,
        -(i + 1) * 86_400_000 + 1_980_000,
        ['alice', 'bob', 'carol'][i % 3] ?? 'alice',
        `Deploy v2.2.${60 - i}`,
        all,
        i % 4 ? `w-${10 + i}` : null,
      ),
    ),
  ];
  if (scene === 'hostile')
    list.unshift(
      make(
        5,
        'active',
        -1000,
        9e9,
        BIDI,
        LONG,
        [{ name: 'x', value: LONG, isRegex: true, isEqual: false }],
        'w-5',
        4_000_000_000,
      ),
    );
  return list;
}

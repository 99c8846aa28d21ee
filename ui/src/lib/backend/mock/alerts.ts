// Made-up alerts and silences.
import type { AlertRow, Silence } from '../../contract';
import { type Scene, MINUTE, BIDI, LONG } from './data';

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
  mutedReceivers: [],
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
  escalated: null,
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
    quietAnyway: 0,
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

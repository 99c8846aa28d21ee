// Made-up backups: verified, incomplete, changed, foreign, a safety copy; their dashboards, a plan and runs.
import type {
  Backup,
  BackupArchives,
  BackupDashboard,
  BackupDetail,
  BackupFile,
  BackupList,
  PanelOutline,
  PrunePlan,
} from '../../contract';
import { BIDI, LONG, MINUTE, type Scene } from './data';

export const DAY = 24 * 60 * MINUTE;
export const stamp = (at: number): string =>
  new Date(at).toISOString().slice(0, 16).replace('T', '_').replace(':', '-');

export const PLACES = ['s3://ops-backups/production', 'file:///mnt/nas/backups'];

function backup(
  at: number,
  reason: string,
  by: string,
  verdict: Backup['verdict'],
  more: Partial<Backup> = {},
): Backup {
  const failed = verdict === 'incomplete';
  return {
    id: stamp(at),
    madeAt: at,
    reason,
    createdBy: by,
    stack: 'production',
    verdict,
    verifiedAt: verdict === 'verified' ? at + 4000 : null,
    problems: [],
    bytes: 1_423_000_000,
    files: 214,
    dashboards: 42,
    pinned: false,
    safety: false,
    archive: '',
    elsewhere: verdict === 'verified' && reason.startsWith('Before') ? PLACES.slice(0, 1) : [],
    parts: [
      {
        kind: 'grafana',
        state: 'complete',
        count: 42,
        what: 'dashboards',
        bytes: 1_210_000,
        withoutTsdb: false,
        notes: [],
      },
      {
        kind: 'prometheus',
        state: failed ? 'failed' : 'complete',
        count: failed ? 0 : 14,
        what: 'blocks',
        bytes: failed ? 0 : 1_421_000_000,
        withoutTsdb: false,
        notes: failed
          ? ['Nothing of it was saved: Nothing answers at http://localhost:9090.']
          : ['The running server has 8 recording rules and 5 alerts.'],
      },
      {
        kind: 'alertmanager',
        state: 'complete',
        count: 3,
        what: 'silences',
        bytes: 2_300,
        withoutTsdb: false,
        notes: ['Secrets in its configuration are masked by Alertmanager; the file in configs/ has them.'],
      },
      { kind: 'configs', state: 'complete', count: 6, what: 'files', bytes: 34_600, withoutTsdb: false, notes: [] },
      ...(
        [
          ['permissions', 61, 'permission sets', 21_000],
          ['annotations', 161, 'annotations', 48_000],
          ['playlists', 2, 'playlists', 900],
          ['public-dashboards', 1, 'public dashboards', 500],
        ] as const
      ).map(([kind, count, what, bytes]) => ({
        kind,
        state: 'complete' as const,
        count,
        what,
        bytes,
        withoutTsdb: false,
        notes: [],
      })),
    ],
    ...more,
  };
}

export function backups(scene: Scene, now: number): Backup[] {
  if (scene === 'empty' || scene === 'never' || scene === 'loading' || scene === 'first') return [];
  const list = [
    backup(now - 20 * MINUTE, 'Before restoring from 2026-11-23_13-58', 'alice', 'complete', {
      safety: true,
      dashboards: 2,
      files: 4,
      bytes: 61_000,
      parts: [
        {
          kind: 'grafana',
          state: 'complete',
          count: 2,
          what: 'dashboards',
          bytes: 61_000,
          withoutTsdb: false,
          notes: ['Only the dashboards that the restore took the place of.'],
        },
      ],
    }),
    backup(now - 50 * MINUTE, 'Before deploy v2.3.0', 'alice', 'verified', { pinned: true }),
    backup(now - DAY, 'Nightly', 'bob', 'incomplete', {
      bytes: 1_250_000,
      problems: ['Nothing of it was saved: Nothing answers at http://localhost:9090.'],
    }),
    backup(now - 2 * DAY, 'Nightly', 'bob', 'verified'),
    backup(now - 3 * DAY, 'Before the Grafana upgrade', 'carol', 'changed', {
      problems: ['grafana/dashboards/rag-ops.json: its content has changed.'],
    }),
    backup(now - 9 * DAY, 'Nightly', 'bob', 'complete'),
    backup(now - 400 * DAY, '', '', 'foreign', {
      id: `${stamp(now - 400 * DAY).replace(/[-_]/g, '')}.tar.gz`,
      archive: `/home/alice/backups/production/${stamp(now - 400 * DAY).replace(/[-_]/g, '')}.tar.gz`,
      stack: '',
      dashboards: 17,
      files: 18,
      bytes: 800_000,
      parts: [
        {
          kind: 'grafana',
          state: 'complete',
          count: 17,
          what: 'dashboards',
          bytes: 800_000,
          withoutTsdb: false,
          notes: [
            'In an archive of another tool: nothing tells whether it is whole. It is unpacked when it is opened.',
          ],
        },
      ],
    }),
  ];
  if (scene === 'hostile')
    return list.map((b) => ({
      ...b,
      reason: `${BIDI} ${LONG}`,
      createdBy: BIDI,
      problems: b.problems.map(() => LONG),
    }));
  return list;
}

export const archives = (scene: Scene, now: number): BackupArchives => ({
  folder: '/home/alice/Downloads',
  archives:
    scene === 'empty'
      ? []
      : [
          ['staging_2026-11-20_09-00.tar.zst', 3, 410e6],
          ['production_2026-10-02_23-00.tar.gz', 53, 1.1e9],
          [scene === 'hostile' ? `${LONG}.tar.gz` : '202403051020.tar.gz', 620, 780e3],
        ].map(([name, days, bytes]) => ({
          path: `/home/alice/Downloads/${name}`,
          name: String(name),
          bytes: Number(bytes),
          modifiedAt: now - Number(days) * DAY,
        })),
});

/** What an archive becomes. */
export const imported = (path: string, now: number): Backup =>
  path.includes('2024')
    ? backup(now - 620 * DAY, '', '', 'foreign', {
        id: '202403051020',
        stack: '',
        parts: [
          {
            kind: 'grafana',
            state: 'complete',
            count: 31,
            what: 'dashboards',
            bytes: 780_000,
            withoutTsdb: false,
            notes: ['Made by another tool: nothing tells whether it is whole.'],
          },
        ],
      })
    : backup(now - 3 * DAY - 3_600_000, 'Nightly', 'dora', 'verified');

export const list = (all: Backup[], revision: number): BackupList => ({
  folder: '/home/alice/backups/production',
  places: PLACES,
  backups: all,
  unreadable:
    all.length > 3
      ? ['2026-10-01_00-00: manifest.json can’t be read: EOF while parsing a value at line 1 column 0']
      : [],
  freeBytes: 48_000_000_000,
  revision,
});

const BOARDS: [string, string, string[], number][] = [
  ['aether-rag-ops', 'RAG operations', ['RAG'], 5],
  ['tenant-costs', 'Tenant costs', ['RAG', 'Billing'], 9],
  ['exec-1', 'Executive overview', ['RAG'], 4],
  ['cache-int', 'Cache internals', ['RAG'], 12],
  ['node-full', 'Node exporter', ['Infrastructure'], 31],
  ['ingress', 'Ingress', ['Infrastructure', 'Kubernetes'], 8],
  ['quota', 'Quota', ['Infrastructure', 'Kubernetes'], 3],
  ['model-latency', 'Model latency', ['RAG'], 6],
];

export function dashboards(scene: Scene, now: number): BackupDashboard[] {
  return BOARDS.map(([uid, title, folder, panels], i) => ({
    uid,
    title: scene === 'hostile' && i < 3 ? `${BIDI} ${LONG}` : title,
    folder,
    folderUid: folder.at(-1)?.toLowerCase() ?? '',
    tags: ['rag', 'slo'].slice(0, 1 + (i % 2)),
    version: 15 - i,
    updatedBy: 'carol',
    updatedAt: now - (i + 3) * DAY,
    managedBy: uid === 'model-latency' ? 'Terraform (platform)' : '',
    schema: uid === 'model-latency' ? 'v2' : 'classic',
    apiVersion: uid === 'model-latency' ? 'v2beta1' : '',
    lossy: '',
    provisioned: uid === 'node-full',
    panels,
    path: `grafana/dashboards/${uid}.json`,
    problem: uid === 'quota' ? 'it is not JSON: EOF while parsing a value at line 1 column 0' : '',
  }));
}

const outline = (): PanelOutline[] => [
  { id: 1, title: 'Cache hit ratio', kind: 'gauge', section: [], x: 0, y: 0, w: 8, h: 8 },
  { id: 2, title: 'Rerank utilization', kind: 'gauge', section: [], x: 8, y: 0, w: 8, h: 8 },
  { id: 3, title: 'Low confidence', kind: 'gauge', section: [], x: 16, y: 0, w: 8, h: 8 },
  { id: 4, title: '30-day cost estimate', kind: 'stat', section: [], x: 0, y: 8, w: 12, h: 6 },
  { id: 5, title: 'Health score', kind: 'timeseries', section: [], x: 12, y: 8, w: 12, h: 6 },
  { id: 6, title: 'Tenants by volume', kind: 'table', section: [], x: 0, y: 14, w: 24, h: 6 },
];

const TAB = 'Tab: Latency';
/** Of a dashboard in schema v2, by tabs and rows. */
const newerOutline = (): PanelOutline[] => [
  { id: 1, title: 'p99 by model', kind: 'timeseries', section: [TAB, 'Row: Answers'], x: 0, y: 0, w: 16, h: 8 },
  { id: 2, title: 'Slowest tenant', kind: 'stat', section: [TAB, 'Row: Answers'], x: 16, y: 0, w: 8, h: 8 },
  { id: 3, title: 'Queue', kind: 'timeseries', section: [TAB, 'Row: Queue'], x: 0, y: 8, w: 24, h: 6 },
  { id: 4, title: 'Tokens per second', kind: 'gauge', section: ['Tab: Throughput'], x: 0, y: 14, w: 8, h: 8 },
  { id: 5, title: 'Batch size', kind: 'gauge', section: ['Tab: Throughput'], x: 8, y: 14, w: 8, h: 8 },
  { id: 6, title: 'Errors', kind: 'library panel', section: ['Tab: Throughput'], x: 16, y: 14, w: 8, h: 8 },
];

export function detail(backup: Backup, scene: Scene, now: number): BackupDetail {
  const foreign = backup.verdict === 'foreign';
  const configs = [
    'docker-compose.yml',
    'prometheus-config.yml',
    'prometheus-recording-rules.yml',
    'prometheus-alerts.yml',
    'alertmanager.yml',
    'grafana-dashboard-enhanced.json',
  ];
  return {
    git: null,
    backup,
    folder: `/home/alice/backups/production/${backup.id}`,
    dashboards: backup.dashboards === 0 ? [] : dashboards(scene, now).slice(0, backup.safety ? 2 : undefined),
    blocks:
      foreign || backup.parts.every((p) => p.kind !== 'prometheus' || p.count === 0)
        ? []
        : Array.from({ length: 14 }, (_, i) => ({
            id: `01JCQ${String(i).padStart(2, '0')}ZX4K8F7W2Q9T3M5N6P`,
            from: now - (15 - i) * DAY,
            to: now - (14 - i) * DAY,
            series: 2140 + i,
            samples: 61_000_000 + i * 1000,
            bytes: 101_000_000,
            problem: i === 3 && scene === 'hostile' ? LONG : '',
          })),
    files: foreign
      ? []
      : [
          ...configs.map((f, i) => ({
            path: `configs/${f}`,
            bytes: 1200 * (i + 1),
            sha256: `5f1e${String(i).repeat(56)}c09a`,
          })),
          ...[
            'folders',
            'library-panels',
            'data-sources',
            'alerting/alert-rules',
            'alerting/contact-points',
            'alerting/policies',
            'permissions',
            'annotations',
            'playlists',
            'public-dashboards',
          ].map((f) => ({ path: `grafana/${f}.json`, bytes: 3400, sha256: `5f1e${'ab'.repeat(28)}c09a` })),
          { path: 'alertmanager/config.yml', bytes: 900, sha256: `77aa${'cd'.repeat(28)}c09a` },
          { path: 'prometheus/rules.json', bytes: 9000, sha256: `77aa${'ef'.repeat(28)}c09a` },
        ],
    manifest: foreign
      ? ''
      : `Backup ${backup.id}\n=======================\n\nStack      production\nBy         ${backup.createdBy}\nWhy        ${backup.reason}\n\nContents\n--------\ngrafana        42 dashboards, 1.2 MB\nprometheus     14 blocks, 1.4 GB\n`,
  };
}

export function file(path: string): BackupFile {
  const yaml =
    'global:\n  scrape_interval: 15s\n# The pack’s rules.\nrule_files:\n  - "prometheus-alerts.yml"\nscrape_configs:\n  - job_name: aether-api\n    static_configs: [{ targets: ["api:8000"] }]\n';
  const json = JSON.stringify(
    { dashboard: { title: 'RAG operations', version: 15, refresh: null, editable: true, panels: outline() } },
    null,
    2,
  );
  return {
    path,
    text: path.endsWith('.yml') ? yaml : json,
    bytes: 1200,
    cut: false,
    outline: !path.startsWith('grafana/dashboards/') ? [] : path.includes('model-latency') ? newerOutline() : outline(),
  };
}

export function prunePlan(all: Backup[], last: number): PrunePlan {
  const items = all.map((b, i) => {
    const keep = b.pinned || b.safety || i <= last;
    return {
      id: b.id,
      madeAt: b.madeAt,
      reason: b.reason,
      bytes: b.bytes,
      keep,
      why: !keep ? '' : b.pinned ? 'pinned' : b.safety ? 'a restore can be undone with it' : `one of the last ${last}`,
    };
  });
  return { items, freesBytes: items.filter((i) => !i.keep).reduce((n, i) => n + i.bytes, 0) };
}

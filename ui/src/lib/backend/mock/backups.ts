// Made-up backups: verified, incomplete, changed, foreign, a safety copy; their dashboards, a plan and runs.
import type {
  Backup,
  BackupArchives,
  BackupComparison,
  BackupDashboard,
  BackupDetail,
  BackupFile,
  BackupList,
  DataRestorePlan,
  PanelOutline,
  PrunePlan,
  RestoreItem,
  RestorePlan,
  RestoreRequest,
  RestoreRun,
} from '../../contract';
import { BIDI, LONG, MINUTE, type Scene } from './data';

const DAY = 24 * 60 * MINUTE;
const stamp = (at: number): string => new Date(at).toISOString().slice(0, 16).replace('T', '_').replace(':', '-');

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
      { kind: 'grafana', state: 'complete', count: 42, what: 'dashboards', bytes: 1_210_000, notes: [] },
      {
        kind: 'prometheus',
        state: failed ? 'failed' : 'complete',
        count: failed ? 0 : 14,
        what: 'blocks',
        bytes: failed ? 0 : 1_421_000_000,
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
        notes: ['Secrets in its configuration are masked by Alertmanager; the file in configs/ has them.'],
      },
      { kind: 'configs', state: 'complete', count: 6, what: 'files', bytes: 34_600, notes: [] },
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

function dashboards(scene: Scene, now: number): BackupDashboard[] {
  return BOARDS.map(([uid, title, folder, panels], i) => ({
    uid,
    title: scene === 'hostile' && i < 3 ? `${BIDI} ${LONG}` : title,
    folder,
    folderUid: folder.at(-1)?.toLowerCase() ?? '',
    tags: ['rag', 'slo'].slice(0, 1 + (i % 2)),
    version: 15 - i,
    updatedBy: 'carol',
    updatedAt: now - (i + 3) * DAY,
    managedBy: '',
    schema: 'classic',
    apiVersion: '',
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
    outline: path.startsWith('grafana/dashboards/') ? outline() : [],
  };
}

const FOLDERS = [
  { uid: 'rag', title: 'RAG' },
  { uid: 'platform', title: 'Platform' },
];

export function plan(request: RestoreRequest, scene: Scene, now: number): RestorePlan {
  if (request.what !== 'dashboards') return others(request, scene);
  const change = {
    panel: 'Rerank utilization',
    change: 'changed' as const,
    field: 'thresholds',
    before: 'base green, 60 yellow, 80 red',
    after: 'base green, 50 yellow, 80 red',
  };
  const more = [
    change,
    {
      panel: '30-day cost estimate',
      change: 'changed' as const,
      field: 'query A',
      before: 'aether:estimated_cost_30d_usd',
      after: 'max(aether:estimated_cost_30d_usd)',
    },
    {
      panel: 'Tenants by volume',
      change: 'added' as const,
      field: 'panel',
      before: '',
      after: 'topk(10, aether:answers:rate5m)',
    },
  ];
  const items = dashboards(scene, now)
    .filter((d) => request.uids.length === 0 || request.uids.includes(d.uid))
    .map((d): RestoreItem => {
      const base: RestoreItem = {
        kind: 'dashboard',
        diff: '',
        uid: d.uid,
        title: d.title,
        folder: request.intoFolder ? [FOLDERS.find((f) => f.uid === request.intoFolder)?.title ?? ''] : d.folder,
        act: 'identical',
        obstacle: null,
        choices: [],
        note: '',
        version: d.version,
        liveVersion: d.version,
        liveBy: 'carol',
        liveAt: d.updatedAt,
        changes: [],
        dataSources: [],
        missingDataSources: [],
        missingLibraryPanels: [],
        missingPlugins: [],
      };
      const choice = request.choices[d.uid];
      if (d.uid === 'aether-rag-ops')
        return {
          ...base,
          act: 'update',
          liveVersion: 17,
          liveBy: 'bob',
          liveAt: now - 5 * 60 * MINUTE,
          changes: scene === 'hostile' ? more.map((c) => ({ ...c, panel: BIDI, before: LONG, after: LONG })) : more,
        };
      if (d.uid === 'tenant-costs')
        return {
          ...base,
          act: 'create',
          liveVersion: null,
          liveBy: '',
          liveAt: null,
          missingDataSources: request.dataSources['old-prom'] ? [] : ['old-prom'],
        };
      if (d.uid === 'exec-1')
        return {
          ...base,
          act: choice === 'replace' ? 'update' : choice === 'copy' ? 'copy' : choice === 'keep' ? 'skip' : 'choose',
          obstacle: 'edited-lately',
          choices: ['keep', 'replace', 'copy'],
          note: 'bob saved it within the last hour and may still be at work on it.',
          liveVersion: 16,
          liveBy: 'bob',
          liveAt: now - 4 * MINUTE,
          changes: [change],
        };
      if (d.uid === 'node-full')
        return {
          ...base,
          act: choice === 'copy' ? 'copy' : choice === 'keep' ? 'skip' : 'choose',
          obstacle: 'provisioned',
          choices: ['keep', 'copy'],
          note: 'Grafana has it from a file (node.json) and refuses to save it. Restore that file, or make a copy beside it.',
          changes: [change],
        };
      if (d.uid === 'quota')
        return {
          ...base,
          act: 'skip',
          obstacle: 'unusable',
          note: 'It can’t be restored: it is not JSON.',
          liveVersion: 3,
        };
      return base;
    });
  const of = (acts: RestoreItem['act'][]): number => items.filter((i) => acts.includes(i.act)).length;
  return {
    id: request.id,
    what: 'dashboards',
    folders: FOLDERS,
    target: request.intoStack ? `http://grafana.${request.intoStack}:3000/` : 'http://localhost:3000/',
    targetVersion: '11.2.0',
    items,
    newFolders: items.some((i) => i.act === 'create') ? ['Billing'] : [],
    newLibraryPanels: [],
    dataSources: [{ uid: 'prometheus', name: 'Prometheus', kind: 'prometheus' }],
    notes: [],
    writes: of(['create', 'update', 'copy']),
    undecided: of(['choose']),
    digest: JSON.stringify(request),
  };
}

const RULES_DIFF = `@@ -40,7 +40,7 @@
       - alert: LowConfidenceSpike
         expr: |
           aether:low_confidence_pct:15m > 30
-        for: 10m
+        for: 15m
         labels:
           severity: warning
`;

/** The alerting and the configuration files of a backup against what is there. */
function others(request: RestoreRequest, scene: Scene): RestorePlan {
  const base: RestoreItem = {
    kind: 'file',
    uid: '',
    title: '',
    folder: [],
    act: 'identical',
    obstacle: null,
    choices: [],
    note: '',
    version: 0,
    liveVersion: null,
    liveBy: '',
    liveAt: null,
    changes: [],
    dataSources: [],
    missingDataSources: [],
    missingLibraryPanels: [],
    missingPlugins: [],
    diff: '',
  };
  const one = (
    kind: RestoreItem['kind'],
    uid: string,
    title: string,
    more: Partial<RestoreItem> = {},
  ): RestoreItem => ({ ...base, kind, uid, title: scene === 'hostile' ? `${title} ${BIDI} ${LONG}` : title, ...more });
  const choice = request.choices['contact-points/chat'];
  const all =
    request.what === 'configs'
      ? [
          one('file', 'docker-compose.yml', 'docker-compose.yml'),
          one('file', 'prometheus-config.yml', 'prometheus-config.yml'),
          one('file', 'prometheus-alerts.yml', 'prometheus-alerts.yml', {
            act: 'update',
            note: 'promtool takes it.',
            diff: scene === 'hostile' ? `${RULES_DIFF}+${BIDI}${LONG}\n` : RULES_DIFF,
          }),
          one('file', 'alertmanager.yml', 'alertmanager.yml', {
            act: 'skip',
            obstacle: 'unusable',
            note: 'It would be refused (amtool): undefined receiver "chat" used in route',
            diff: RULES_DIFF,
          }),
        ]
      : [
          one('mute-timing', 'mute-timings/weekend', 'weekend'),
          one('contact-point', 'contact-points/chat', 'on-call (slack)', {
            act: choice === 'without-secrets' ? 'create' : choice === 'keep' ? 'skip' : 'choose',
            obstacle: 'secrets-missing',
            choices: ['keep', 'without-secrets'],
            note: 'Its secrets are not in the backup. Made without them, it tells nobody anything until they are entered in Grafana.',
            diff: RULES_DIFF,
          }),
          one('policies', 'policies', 'Notification policies', {
            act: 'update',
            note: 'It takes the place of the whole tree.',
            diff: RULES_DIFF,
          }),
          one('alert-rule', 'alert-rules/rag-slow', 'Rerank above 80 %', {
            act: 'update',
            folder: ['RAG', 'answers'],
            diff: RULES_DIFF,
          }),
          one('alert-rule', 'alert-rules/rag-cost', 'Cost above 200 USD', {
            act: 'skip',
            folder: ['RAG', 'cost'],
            obstacle: 'provisioned',
            note: 'Grafana has it from a file and refuses to save it. Restore that file.',
          }),
        ];
  const items = all.filter((i) => request.uids.length === 0 || request.uids.includes(i.uid));
  const of = (acts: RestoreItem['act'][]): number => items.filter((i) => acts.includes(i.act)).length;
  return {
    id: request.id,
    what: request.what,
    target: request.what === 'configs' ? '/srv/monitoring' : 'http://localhost:3000/',
    targetVersion: request.what === 'configs' ? '' : '11.2.0',
    items,
    newFolders: [],
    newLibraryPanels: [],
    dataSources: [],
    folders: [],
    notes: [],
    writes: of(['create', 'update']),
    undecided: of(['choose']),
    digest: JSON.stringify(request),
  };
}

/** Two texts line by line. */
export const jsonDiff = (): string =>
  `@@ -12,5 +12,5 @@\n   "title": "Rerank utilization",\n-  "value": 60\n+  "value": 50\n   "unit": "percent"\n`;

export function run(id: number, request: RestoreRequest, now: number, state: RestoreRun['state']): RestoreRun {
  const items = plan(request, 'loaded', now).items.filter((i) => ['create', 'update', 'copy'].includes(i.act));
  return {
    id,
    what: request.what,
    backup: request.id,
    target: request.what === 'configs' ? '/srv/monitoring' : 'http://localhost:3000/',
    at: now,
    createdBy: 'alice',
    state,
    items: items.map((i) => ({
      kind: i.kind,
      uid: i.uid,
      title: i.title,
      act: i.act,
      outcome: 'done',
      version: i.kind === 'dashboard' ? (i.liveVersion ?? 0) + 1 : null,
      undone: state === 'undone',
      note: '',
    })),
    safety: stamp(now),
    canUndo: state === 'done',
    notes:
      request.what === 'dashboards' && items.some((i) => i.act === 'create')
        ? ['The folder "Billing" was made; undoing leaves it.']
        : [],
  };
}

export function comparison(from: string, to: string | null, scene: Scene, now: number): BackupComparison {
  const p = plan(
    {
      id: from,
      what: 'dashboards',
      uids: [],
      choices: {},
      otherwise: null,
      dataSources: {},
      intoFolder: null,
      intoStack: null,
    },
    scene,
    now,
  );
  const changed = p.items
    .filter((i) => i.changes.length > 0)
    .map((i) => ({
      uid: i.uid,
      title: i.title,
      folder: i.folder,
      change: 'changed' as const,
      changes: i.changes.map((c) => ({ ...c, before: c.after, after: c.before })),
    }));
  return {
    from,
    to,
    dashboards: [
      { uid: 'tenant-costs', title: 'Tenant costs', folder: ['RAG', 'Billing'], change: 'removed', changes: [] },
      ...changed,
      { uid: 'new-1', title: 'Reranker canary', folder: ['RAG'], change: 'added', changes: [] },
    ],
    same: 37,
    unread: [],
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

/** The steps that restore Prometheus’ data. */
export function dataPlan(id: string, scene: Scene, now: number): DataRestorePlan {
  const odd = scene === 'hostile' ? ` ${BIDI} ${LONG}` : '';
  const steps = [
    { title: 'Stop Prometheus', command: 'docker stop --time 120 aether-prom' },
    {
      title: `Move the data of before aside, to /prometheus/.before-${id}${odd}`,
      command: `docker run --rm --network none --user 0:0 --volumes-from aether-prom --entrypoint /bin/sh prom/prometheus:v2.54.1 -c 'set -e; cd /prometheus; test ! -e .before-${id}; mkdir .before-${id}; for f in * .[!.]*; do [ -e "$f" ] || continue; mv -- "$f" .before-${id}/; done'`,
    },
    {
      title: 'Put the blocks in, owned by 65534:65534',
      command: `tar -C /home/alice/backups/production/${id}/prometheus/snapshot --owner=65534 --group=65534 -cf - . | docker cp - aether-prom:/prometheus`,
    },
    { title: 'Start Prometheus', command: 'docker start aether-prom' },
    {
      title: 'Look whether the samples are there',
      command: `promtool query instant --time=1764252000 http://localhost:9090 'count({__name__=~".+"})'`,
    },
  ];
  const expired = scene === 'hostile' ? 3 : 0;
  return {
    id,
    target: '/prometheus',
    container: scene === 'empty' ? '' : 'aether-prom',
    blocks: 14,
    bytes: 1_414_000_000,
    from: now - 15 * DAY,
    to: now - DAY,
    expired,
    freeBytes: 41_000_000_000,
    steps,
    back: steps.slice(0, 2),
    byPanel: scene === 'loaded',
    notes: [
      ...(expired
        ? [
            'Prometheus deletes 3 of the blocks again at once: they are older than its retention. Raise --storage.tsdb.retention.time first to keep them.',
          ]
        : []),
      'What was scraped since this backup is set aside with the data of before: it is not in the restored data.',
    ],
    digest: 'd',
  };
}

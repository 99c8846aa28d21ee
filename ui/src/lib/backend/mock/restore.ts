// Made-up restores: plans of dashboards, alerting resources and files, and runs.
import type {
  BackupComparison,
  DataRestorePlan,
  RestoreItem,
  RestorePlan,
  RestoreRequest,
  RestoreRun,
} from '../../contract';
import { BIDI, LONG, MINUTE, type Scene } from './data';
import { DAY, dashboards, stamp } from './backups';

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
      if (d.uid === 'model-latency')
        return {
          ...base,
          act: choice === 'replace' ? 'update' : choice === 'copy' ? 'copy' : choice === 'keep' ? 'skip' : 'choose',
          obstacle: 'managed',
          choices: ['keep', 'replace', 'copy'],
          note: 'It is managed by Terraform (platform), which may overwrite the restored dashboard. If you replace it, Grafana no longer marks it as managed.',
          changes: [{ ...change, panel: 'Queue' }],
          dataSources: [
            { reference: 'prometheus', plugin: 'prometheus', places: ['p99 by model', 'Queue'], found: true },
            { reference: '${DS_LOKI}', plugin: 'loki', places: ['Errors'], found: false },
          ],
          missingDataSources: request.dataSources['${DS_LOKI}'] ? [] : ['${DS_LOKI}'],
          missingLibraryPanels: ['errors-by-model'],
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

type MakeItem = (kind: RestoreItem['kind'], uid: string, title: string, more?: Partial<RestoreItem>) => RestoreItem;

/** Permissions, annotations, playlists and public dashboards; null for other parts. */
function extras(request: RestoreRequest, one: MakeItem): RestoreItem[] | null {
  const asked = (uid: string, note: string, write: RestoreItem['act'], diff: string): Partial<RestoreItem> => {
    const choice = request.choices[uid];
    return {
      act: choice === 'replace' ? write : choice === 'keep' ? 'skip' : 'choose',
      obstacle: 'would-widen',
      choices: ['keep', 'replace'],
      note,
      diff,
    };
  };
  switch (request.what) {
    case 'permissions':
      return [
        one(
          'folder-permissions',
          'folder/billing',
          'Billing',
          asked(
            'folder/billing',
            'It gives more access than now: role Viewer: View (nothing now), team Finance: Admin (Edit now).',
            'update',
            '@@ -1,2 +1,2 @@\n-team Finance: Edit\n+role Viewer: View\n+team Finance: Admin\n user ann: View\n',
          ),
        ),
        one('folder-permissions', 'folder/rag', 'RAG', {
          act: 'update',
          note: 'Left out, because this Grafana does not have them: user ben.',
          diff: '@@ -1,3 +1,2 @@\n role Editor: Edit\n-user carol: Admin\n role Viewer: View\n',
        }),
        one('folder-permissions', 'folder/platform', 'Platform'),
        one('dashboard-permissions', 'dashboard/tenant-costs', 'Tenant costs', {
          act: 'skip',
          obstacle: 'unusable',
          note: 'This dashboard does not exist in Grafana. Restore it first.',
        }),
        one('dashboard-permissions', 'dashboard/aether-rag-ops', 'RAG operations'),
      ];
    case 'annotations':
      return [
        one('annotations', 'dashboard/aether-rag-ops', 'RAG operations', {
          act: 'update',
          note: 'Creates 12 of 40 annotations; existing ones are kept. Grafana will show you as their author.',
        }),
        one('annotations', 'dashboard/node-full', 'Node exporter full', { note: '3 annotations.' }),
        one('annotations', 'organization', 'Organization', { note: '118 annotations.' }),
      ];
    case 'playlists':
      return [
        one('playlist', 'playlist/wall', 'Wall', {
          act: 'create',
          note: 'It gets a new address, because Grafana chooses the UIDs of playlists.',
          diff: '@@ -0,0 +1,3 @@\n+{\n+  "name": "Wall"\n+}\n',
        }),
        one('playlist', 'playlist/lobby', 'Lobby'),
      ];
    case 'public-dashboards':
      return [
        one(
          'public-dashboard',
          'dashboard/status',
          'Status',
          asked(
            'dashboard/status',
            'It shows more than now: everybody with the link sees the dashboard. It gets a new link: the old one is not in the backup.',
            'create',
            '@@ -0,0 +1,3 @@\n+{\n+  "isEnabled": true\n+}\n',
          ),
        ),
      ];
    default:
      return null;
  }
}

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
  const extra = extras(request, one);
  const all =
    extra ??
    (request.what === 'configs'
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
        ]);
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

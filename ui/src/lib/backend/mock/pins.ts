// Made-up version pins: every verdict, gaps, advisories, history.
import type {
  PinChange,
  PinLink,
  PinRow,
  PinsReport,
  PinsSummary,
  PinUpdateResult,
  PinUpdateChange,
  PinUpdatePlan,
} from '../../contract';
import { BIDI, type Scene } from './data';
import { replay } from './recorded';

const FILE = '/home/alice/deploy/monitoring/docker-compose.yml';

const gap = (link: PinLink, detail: string): PinLink => ({ kind: link.kind, value: '', detail, state: 'gap' });

/** A row when neither Docker nor the servers answer: only what the files say is known. */
const unreachable = (row: PinRow): PinRow => ({
  ...row,
  verdict: 'unknown',
  drift: false,
  words: 'Neither the container nor the service could be inspected.',
  advisories: [],
  image: null,
  links: row.links.map((l) =>
    l.kind === 'pin' || l.kind === 'compose'
      ? l
      : gap(l, l.kind === 'program' ? 'Nothing answers at http://localhost:9090.' : 'Docker was not queried.'),
  ),
});

const hostile = (row: PinRow): PinRow => ({
  ...row,
  service: row.service + BIDI,
  words: BIDI.repeat(20),
  remedy: BIDI.repeat(9),
  links: row.links.map((l) => ({ ...l, value: l.value + BIDI, detail: BIDI.repeat(30) })),
});

export function pinsReport(scene: Scene, at: number): PinsReport {
  if (scene === 'loaded' || scene === 'calm' || scene === 'empty') return replay('pins_show', scene, at);
  const loaded = { ...replay('pins_show', 'loaded', at), composeNotes: [] };
  if (scene === 'hostile') return { ...loaded, rows: loaded.rows.map(hostile) };
  if (scene !== 'never' && scene !== 'stale') return loaded;
  return {
    ...loaded,
    rows: replay('pins_show', 'calm', at).rows.slice(0, 3).map(unreachable),
    dockerGap: {
      code: 'refused',
      message: 'Docker at unix:///var/run/docker.sock is unreachable.',
      hint: 'Start Docker, or correct host under [docker] in the profile.',
      retryable: true,
      source: 'docker',
      detail: 'unix:///var/run/docker.sock: No such file or directory',
    },
  };
}

export function pinsSummary(scene: Scene, at: number): PinsSummary {
  const report = pinsReport(scene, at);
  const shown = report.rows.filter((r) => r.verdict !== 'absent');
  return {
    at: scene === 'loading' ? null : at,
    drift: shown.filter((r) => r.drift).length,
    services: shown.map((r) => ({ service: r.service, verdict: r.verdict, drift: r.drift, words: r.words })),
    advised: shown.filter((r) => r.advisories.length > 0).length,
  };
}

export const pinChanges = (scene: Scene, service: string | null, now: number): PinChange[] =>
  scene === 'empty'
    ? []
    : replay('pins_history', 'loaded', now).changes.filter((c) => service === null || c.service === service);

export function repinPlan(change: PinUpdateChange, report: PinsReport): PinUpdatePlan {
  const old = report.rows.find((r) => r.service === change.service)?.compose?.resolved ?? 'x/y:v1';
  const image = change.lock
    ? `${change.image}@sha256:378f4e03703557d1c6419e6caccf922f96e6d88a530f7431d66a4c4f4b1000fe`
    : change.image;
  return {
    image,
    files: [
      {
        path: FILE,
        what: 'Compose file',
        diff: `@@ -35,7 +35,7 @@\n   ${change.service}:\n     <<: *service\n-    image: ${old}\n+    image: ${image}\n     restart: unless-stopped\n`,
      },
      {
        path: '/home/alice/.config/aetherlink/stacks/production.toml',
        what: 'profile',
        diff: `@@ -41,3 +41,3 @@\n [[pins]]\n service = "${change.service}"\n-image = "${old}"\n+image = "${image}"\n`,
      },
    ],
    also: [],
    notes: change.lock ? ['With a digest, Docker ignores the tag.'] : [],
    then: [
      `cd /home/alice/deploy/monitoring && docker compose pull ${change.service}`,
      `cd /home/alice/deploy/monitoring && docker compose up -d ${change.service}`,
    ],
    digest: 'd',
  };
}

export const repinApplied = (plan: PinUpdatePlan): PinUpdateResult => ({
  written: plan.files.map((f) => f.path),
  then: plan.then,
});

// Made-up version pins: every verdict, gaps, advisories, history.
import type {
  PinChange,
  PinsReport,
  PinsSummary,
  PinUpdateResult,
  PinUpdateChange,
  PinUpdatePlan,
} from '../../contract';
import { BIDI, type Scene } from './data';
import { FILE, rows } from './pin-rows';

export function pinsReport(scene: Scene, at: number): PinsReport {
  let all = rows(scene);
  if (scene === 'hostile')
    all = all.map((r) => ({
      ...r,
      service: r.service + BIDI,
      words: BIDI.repeat(20),
      remedy: BIDI.repeat(9),
      links: r.links.map((l) => ({ ...l, value: l.value + BIDI, detail: BIDI.repeat(30) })),
    }));
  const dark = scene === 'never' || scene === 'stale';
  return {
    rows: all,
    at,
    dockerNamed: scene !== 'empty',
    dockerGap: dark
      ? {
          code: 'refused',
          message: 'Docker at unix:///var/run/docker.sock is unreachable.',
          hint: 'Start Docker, or correct host under [docker] in the profile.',
          retryable: true,
          source: 'docker',
          detail: 'unix:///var/run/docker.sock: No such file or directory',
        }
      : null,
    composeGap:
      scene === 'empty'
        ? {
            code: 'not-found',
            message: 'The profile does not set a Compose file.',
            hint: 'Set files under [compose], or dir under [pack].',
            retryable: false,
            source: 'compose',
            detail: '',
          }
        : null,
    composeBy:
      scene === 'empty'
        ? ''
        : scene === 'calm'
          ? 'docker compose 2.29.1'
          : 'the panel (docker compose is not available)',
    composeNotes:
      scene === 'loaded'
        ? [
            'Variables were resolved from the panel’s environment, which may differ from that of the shell that starts the stack.',
          ]
        : [],
    advisoriesDate: '2026-11-28',
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

export function pinChanges(scene: Scene, service: string | null, now: number): PinChange[] {
  if (scene === 'empty') return [];
  const all: PinChange[] = [
    {
      at: now - 5_400_000,
      service: 'prometheus',
      link: 'program',
      before: '2.54.1',
      after: '2.42.0',
      words: 'Reported version of prometheus changed from 2.54.1 to 2.42.0.',
    },
    {
      at: now - 5_410_000,
      service: 'prometheus',
      link: 'container',
      before: '2026-10-02T08:00:00Z',
      after: '2026-11-20T09:14:00Z',
      words: 'Container of prometheus recreated with prom/prometheus:v2.54.1.',
    },
    {
      at: now - 90_000_000,
      service: 'grafana',
      link: 'compose',
      before: 'grafana/grafana:11.2.0',
      after: 'grafana/grafana:11.2.1',
      words: 'Compose image of grafana changed from grafana/grafana:11.2.0 to grafana/grafana:11.2.1.',
    },
  ];
  return all.filter((c) => service === null || c.service === service);
}

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

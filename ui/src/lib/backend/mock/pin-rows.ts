// Made-up services with their version chains and advisories.
import type { Advisory, ComposeReference, PinLink, PinRow, PinVerdict } from '../../contract';
import { type Scene } from './data';

export const FILE = '/home/alice/deploy/monitoring/docker-compose.yml';
const compose = (raw: string, line: number, more: Partial<ComposeReference> = {}): ComposeReference => ({
  raw,
  resolved: raw,
  problem: '',
  file: FILE,
  line,
  variables: [],
  profiles: [],
  enabled: true,
  ...more,
});
const seen = (kind: PinLink['kind'], value: string, detail: string, differs = false): PinLink => ({
  kind,
  value,
  detail,
  state: differs ? 'differs' : 'agrees',
});
const gap = (kind: PinLink['kind'], detail: string): PinLink => ({ kind, value: '', detail, state: 'gap' });

interface Made {
  service: string;
  container: string;
  image: string;
  runs?: string;
  says?: string;
  id?: string;
  line: number;
  verdict: PinVerdict;
  breaks?: PinLink['kind'];
  words: string;
  remedy?: string;
  advisories?: Advisory[];
  optional?: boolean;
  pinned?: string | null;
  program?: PinLink;
}

const DRIFT = (verdict: PinVerdict): boolean => !['agrees', 'absent', 'unpinned', 'unknown'].includes(verdict);

function row(m: Made): PinRow {
  const id = m.id ?? 'sha256:4b2bb2d6a1b7';
  const container =
    m.verdict === 'missing' || m.verdict === 'absent'
      ? gap('container', `The engine has no container ${m.container}.`)
      : seen('container', m.runs ?? m.image, `${m.container}, running, made 2026-11-20`, m.breaks === 'container');
  const pinned = m.pinned === undefined ? m.image : m.pinned;
  return {
    service: m.service,
    container: m.container,
    optional: m.optional ?? false,
    links: [
      pinned === null ? gap('pin', 'The profile does not pin it.') : seen('pin', pinned, '[[pins]] of the profile'),
      seen('compose', m.image, `${FILE}:${m.line}`, m.breaks === 'compose'),
      container,
      container.value
        ? seen(
            'image',
            id,
            'what the reference names here; prom/prometheus@sha256:378f4e03703557d1c6419e6caccf922f96e6d88a530f7431d66a4c4f4b1000fe',
            m.breaks === 'image',
          )
        : gap('image', 'There is no container.'),
      m.program ??
        (m.says
          ? seen('program', m.says, `API of http://localhost:9090`, m.breaks === 'program')
          : gap('program', `Prometheus scrapes no ${m.service}_build_info. Scrape it, to have its version told.`)),
    ],
    verdict: m.verdict,
    drift: DRIFT(m.verdict),
    words: m.words,
    remedy: m.remedy ?? '',
    locked: false,
    pinned,
    compose: compose(m.image, m.line),
    image: container.value || null,
    imageId: container.value ? id : null,
    tagImageId: id,
    digests: [],
    state: container.value ? 'running' : null,
    created: container.value ? '2026-11-20T09:14:00Z' : null,
    reported: m.says ? [{ version: m.says, from: 'API of http://localhost:9090' }] : [],
    advisories: m.advisories ?? [],
    changed: null,
  };
}

const EOL: Advisory = {
  id: 'Prometheus 2',
  kind: 'end-of-life',
  title: 'Prometheus 2 no longer receives fixes: its last LTS release, 2.53, reached end of life on 2025-07-31.',
  note: '',
  fixed: ['3.5'],
  date: '2025-07-31',
  source: 'https://prometheus.io/docs/introduction/release-cycle/',
};
const CVE: Advisory = {
  id: 'CVE-2024-9264',
  kind: 'vulnerability',
  title: 'SQL expressions let viewers run commands and read files through DuckDB.',
  note: 'Requires a duckdb binary in Grafana’s PATH, which the official image does not include.',
  fixed: ['11.2.2+security-01', '11.3.0'],
  date: '2024-10-17',
  source: 'https://grafana.com/security/security-advisories/cve-2024-9264/',
};
const ended: Advisory = {
  ...EOL,
  id: 'Promtail',
  title: 'Promtail has reached end of life. Its successor is Grafana Alloy.',
  date: '2026-03-02',
  fixed: [],
};
const agrees = (says: string): string =>
  `The container runs the required image; ${says ? `the reported version is ${says}` : 'the running version is unknown'}.`;

export function rows(scene: Scene): PinRow[] {
  const calm = [
    row({
      service: 'prometheus',
      container: 'aether-prom',
      image: 'prom/prometheus:v2.54.1',
      says: '2.54.1',
      line: 38,
      verdict: 'agrees',
      words: agrees('2.54.1'),
      advisories: [EOL],
    }),
    row({
      service: 'grafana',
      container: 'aether-grafana',
      image: 'grafana/grafana:11.2.0',
      says: '11.2.0',
      id: 'sha256:d8ea37798ccc',
      line: 81,
      verdict: 'agrees',
      words: agrees('11.2.0'),
      advisories: [CVE],
    }),
    row({
      service: 'alertmanager',
      container: 'aether-alertmanager',
      image: 'prom/alertmanager:v0.27.0',
      says: '0.27.0',
      id: 'sha256:e13b6ed5cb92',
      line: 60,
      verdict: 'agrees',
      words: agrees('0.27.0'),
    }),
    row({
      service: 'loki',
      container: 'aether-loki',
      image: 'grafana/loki:2.9.0',
      id: 'sha256:0a3d7f64b1c2',
      line: 103,
      verdict: 'absent',
      words: 'Optional and not running.',
      optional: true,
    }),
    row({
      service: 'promtail',
      container: 'aether-promtail',
      image: 'grafana/promtail:2.9.0',
      line: 122,
      verdict: 'absent',
      words: 'Optional and not running.',
      optional: true,
    }),
  ];
  if (scene === 'calm') return calm;
  if (scene === 'empty') return [];
  if (scene === 'never' || scene === 'stale')
    return calm.slice(0, 3).map((r) => ({
      ...r,
      verdict: 'unknown',
      drift: false,
      words: 'Neither the container nor the service could be inspected.',
      advisories: [],
      image: null,
      links: r.links.map((l) =>
        l.kind === 'pin' || l.kind === 'compose'
          ? l
          : gap(l.kind, l.kind === 'program' ? 'Nothing answers at http://localhost:9090.' : 'Docker was not queried.'),
      ),
    }));
  return [
    row({
      service: 'prometheus',
      container: 'aether-prom',
      image: 'prom/prometheus:v2.54.1',
      says: '2.42.0',
      line: 38,
      verdict: 'other-program',
      breaks: 'program',
      words: 'The tag is v2.54.1, but the reported version is 2.42.0.',
      remedy:
        'Check that the address leads to this container. If it does, the image does not match its tag; it may have been built locally. Then run: docker compose pull prometheus && docker compose up -d prometheus',
      advisories: [EOL],
    }),
    row({
      service: 'grafana',
      container: 'aether-grafana',
      image: 'grafana/grafana:11.2.1',
      runs: 'grafana/grafana:11.2.0',
      says: '11.2.0',
      id: 'sha256:d8ea37798ccc',
      line: 81,
      verdict: 'other-image',
      pinned: 'grafana/grafana:11.2.1',
      breaks: 'container',
      words: 'The container runs grafana/grafana:11.2.0, but grafana/grafana:11.2.1 is required; it was not recreated.',
      remedy: 'docker compose up -d grafana',
      advisories: [CVE],
    }),
    calm[2] as PinRow,
    row({
      service: 'loki',
      container: 'aether-loki',
      image: 'grafana/loki:2.9.0',
      id: 'sha256:0a3d7f64b1c2',
      line: 103,
      verdict: 'recreate',
      breaks: 'image',
      words: 'grafana/loki:2.9.0 now points to a different image than the container runs.',
      remedy: 'docker compose up -d loki',
      optional: true,
    }),
    row({
      service: 'promtail',
      container: 'aether-promtail',
      image: 'grafana/promtail:2.9.0',
      line: 122,
      verdict: 'absent',
      words: 'Optional and not running.',
      optional: true,
    }),
    row({
      service: 'blackbox',
      container: 'aether-blackbox',
      image: 'prom/blackbox-exporter:v0.25.0',
      pinned: 'prom/blackbox-exporter:v0.24.0',
      runs: 'prom/blackbox-exporter:v0.25.0',
      says: '0.25.0',
      id: 'sha256:b04a9fef4fa0',
      line: 151,
      verdict: 'other-reference',
      breaks: 'compose',
      words:
        'The Compose file has prom/blackbox-exporter:v0.25.0, but the profile pins prom/blackbox-exporter:v0.24.0.',
      remedy:
        'Update its image in [[pins]] of the profile, or run: aetherctl pins update blackbox prom/blackbox-exporter:v0.24.0',
      advisories: [],
    }),
    row({
      service: 'cadvisor',
      container: 'aether-cadvisor-1',
      image: 'gcr.io/cadvisor/cadvisor:v0.49.1',
      pinned: null,
      id: 'sha256:c02cf39d3dba',
      line: 170,
      verdict: 'unpinned',
      words: 'Not pinned in the profile. The container runs the required image; the running version is unknown.',
      remedy: 'Add it to [[pins]] in the profile.',
      optional: true,
    }),
    row({
      service: 'node-exporter',
      container: 'aether-node-exporter-1',
      image: 'quay.io/prometheus/node-exporter:latest',
      pinned: null,
      says: '1.8.2',
      id: 'sha256:fa7fa12a57eb',
      line: 178,
      verdict: 'floating',
      breaks: 'compose',
      words: 'quay.io/prometheus/node-exporter:latest uses the mutable tag latest.',
      remedy: 'Pin a version: aetherctl pins update node-exporter quay.io/prometheus/node-exporter:VERSION',
      optional: true,
      advisories: [ended].slice(1),
    }),
  ];
}

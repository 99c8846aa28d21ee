// Labels of version verdicts, and short values for the links of a version chain.
import type { PinLink, PinLinkKind, PinRow, PinsReport, PinVerdict } from '../../lib/contract';
import type { IconName } from '../../lib/components/Icon.svelte';
import { text } from '../../lib/text/versions';

export type Tone = 'ok' | 'warn' | 'crit' | 'none' | 'mute';

export const VERDICT: Record<PinVerdict, { label: string; tone: Tone; icon: IconName }> = {
  agrees: { label: 'up to date', tone: 'ok', icon: 'check' },
  'other-reference': { label: 'drifted', tone: 'warn', icon: 'warn' },
  'other-image': { label: 'out of date', tone: 'warn', icon: 'warn' },
  recreate: { label: 'tag moved', tone: 'warn', icon: 'warn' },
  'other-program': { label: 'version mismatch', tone: 'crit', icon: 'crit' },
  floating: { label: 'floating tag', tone: 'warn', icon: 'warn' },
  'not-running': { label: 'not running', tone: 'crit', icon: 'crit' },
  missing: { label: 'missing', tone: 'crit', icon: 'crit' },
  absent: { label: 'not running', tone: 'none', icon: 'none' },
  unpinned: { label: 'not pinned', tone: 'none', icon: 'info' },
  unknown: { label: 'unknown', tone: 'none', icon: 'ghost' },
};

export const LINK: Record<PinLinkKind, string> = text.chain;

/** Parts of `host:5000/a/b:v1@sha256:…`. */
export function parts(image: string): { name: string; tag: string; digest: string } {
  const [whole = '', digest = ''] = image.split('@', 2);
  const at = whole.lastIndexOf(':');
  return at > whole.lastIndexOf('/')
    ? { name: whole.slice(0, at), tag: whole.slice(at + 1), digest }
    : { name: whole, tag: '', digest };
}

export function repository(row: PinRow): string {
  return parts(row.pinned ?? row.compose?.resolved ?? row.image ?? '').name;
}

/** A link's value next to the others: without the repository, when that is the row's. */
export function short(link: PinLink, repositoryOfRow: string): string {
  if (link.value === '') return '';
  if (link.kind === 'image') return link.value.replace(/^sha256:/, '');
  if (link.kind === 'program') return link.value;
  const { name, tag, digest } = parts(link.value);
  const end = digest
    ? `${tag || text.chain.noTag}@${digest.replace(/^sha256:/, '').slice(0, 7)}`
    : tag || text.chain.noTag;
  return name === repositoryOfRow ? end : `${name}:${end}`;
}

export function summary(report: PinsReport): { drift: number; upToDate: number; advisories: number } {
  const shown = report.rows.filter((r) => r.verdict !== 'absent');
  return {
    drift: shown.filter((r) => r.drift).length,
    upToDate: shown.filter((r) => r.verdict === 'agrees').length,
    advisories: shown.reduce((n, r) => n + r.advisories.length, 0),
  };
}

/** Whether a remedy is a command, offered for copying. */
export const isCommand = (remedy: string): boolean => /^(docker|aetherctl) /.test(remedy);

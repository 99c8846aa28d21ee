// What a chain says, for the eye: short values beside each other, a verdict's word, tone and sign.
import type { PinLink, PinLinkKind, PinRow, PinsReport, PinVerdict } from '../../lib/contract';
import type { IconName } from '../../lib/components/Icon.svelte';

export type Tone = 'ok' | 'warn' | 'crit' | 'none' | 'mute';

export const VERDICT: Record<PinVerdict, { word: string; tone: Tone; icon: IconName }> = {
  agrees: { word: 'agrees', tone: 'ok', icon: 'check' },
  'other-reference': { word: 'other reference', tone: 'warn', icon: 'warn' },
  'other-image': { word: 'not made anew', tone: 'warn', icon: 'warn' },
  recreate: { word: 'tag has moved', tone: 'warn', icon: 'warn' },
  'other-program': { word: 'other program', tone: 'crit', icon: 'crit' },
  floating: { word: 'moving tag', tone: 'warn', icon: 'warn' },
  'not-running': { word: 'not running', tone: 'crit', icon: 'crit' },
  missing: { word: 'missing', tone: 'crit', icon: 'crit' },
  absent: { word: 'not running', tone: 'none', icon: 'none' },
  unpinned: { word: 'not pinned', tone: 'none', icon: 'info' },
  unknown: { word: 'not known', tone: 'none', icon: 'ghost' },
};

export const LINK: Record<PinLinkKind, string> = {
  pin: 'Profile',
  compose: 'Compose file',
  container: 'Container',
  image: 'Image',
  program: 'Program',
};

/** `host:5000/a/b:v1@sha256:…` in its parts. */
export function parts(image: string): { name: string; tag: string; digest: string } {
  const [whole = '', digest = ''] = image.split('@', 2);
  const at = whole.lastIndexOf(':');
  return at > whole.lastIndexOf('/')
    ? { name: whole.slice(0, at), tag: whole.slice(at + 1), digest }
    : { name: whole, tag: '', digest };
}

/** The repository that a row is about. */
export function repository(row: PinRow): string {
  return parts(row.pinned ?? row.compose?.resolved ?? row.image ?? '').name;
}

/** A link's value beside the others: of an image only what differs. */
export function short(link: PinLink, of: string): string {
  if (link.value === '') return '';
  if (link.kind === 'image') return link.value.replace(/^sha256:/, '');
  if (link.kind === 'program') return link.value;
  const { name, tag, digest } = parts(link.value);
  const end = digest ? `${tag || 'no tag'}@${digest.replace(/^sha256:/, '').slice(0, 7)}` : tag || 'no tag';
  return name === of ? end : `${name}:${end}`;
}

/** What stands above the list. */
export function summary(report: PinsReport): { drift: number; agree: number; advisories: number } {
  const shown = report.rows.filter((r) => r.verdict !== 'absent');
  return {
    drift: shown.filter((r) => r.drift).length,
    agree: shown.filter((r) => r.verdict === 'agrees').length,
    advisories: shown.reduce((n, r) => n + r.advisories.length, 0),
  };
}

/** A remedy that is a command and nothing else. */
export const isCommand = (remedy: string): boolean => /^(docker|aetherctl) /.test(remedy);

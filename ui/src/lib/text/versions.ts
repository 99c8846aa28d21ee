// Texts of the versions screen.
import { count } from '../format/number';
import { plural } from './common';

export const text = {
  heading: 'Versions',
  drift: (n: number, total: number): string => `${count(n)} of ${count(total)} drifted`,
  allUpToDate: (n: number): string => `all ${count(n)} up to date`,
  upToDate: (n: number, total: number): string => `${count(n)} of ${count(total)} up to date`,
  advisories: (n: number): string => plural(n, 'advisory', 'advisories'),
  updated: 'updated',
  emptyTitle: 'No pinned versions',
  empty: 'Add services and their images to the pins of the stack’s profile, or set the Compose files under [compose].',
  absent: (services: string): string => `Optional, not running: ${services}`,
  noDocker: 'Containers are not inspected: set [docker] host in the profile',
  noCompose: 'No Compose file: set [compose] files or [pack] dir in the profile',
  composeBy: (tool: string): string => `Compose file read by ${tool}`,
  advisoriesDate: (date: string): string => `Advisory data: ${date}`,

  chain: {
    label: 'Version chain, from pin to running version',
    pin: 'Profile',
    compose: 'Compose file',
    container: 'Container',
    image: 'Image',
    program: 'Running version',
    unknown: 'unknown',
    noTag: 'no tag',
    agrees: 'matches',
    differs: 'mismatch',
    gap: 'unknown',
  },

  mismatch: {
    pin: (version: string): string => `Pin ${version}…`,
    recreate: (version: string, downgrade: boolean): string =>
      `Recreate with ${version}${downgrade ? ' (downgrade)' : ''}`,
    elsewhere: (version: string, downgrade: boolean): string =>
      `or run ${version} on its host${downgrade ? ' (downgrade)' : ''}, then refresh`,
  },

  service: {
    change: 'Change…',
    changeOf: (service: string): string => `Change the pin of ${service}`,
    byDigest: 'pinned by digest',
    byTag: 'pinned by tag',
    tagHint: 'A tag can be moved to another image; a digest can’t.',
    optional: 'optional',
    updatePin: 'Update pin…',
    chain: 'Version chain',
    mismatch: 'mismatch',
    gap: 'unknown',
    advisories: 'Known advisories',
    fixedIn: (versions: string): string => `Fixed in ${versions}`,
    supersededBy: (versions: string): string => `Superseded by ${versions}`,
    source: 'Source',
    history: 'Version history',
    noHistory: 'No changes recorded yet.',
  },

  update: {
    title: (service: string): string => `Update pin: ${service}`,
    image: 'Image',
    imageHint: 'Name and tag, optionally a digest:',
    imageFormat: 'name:tag@sha256:…',
    lock: 'Pin by digest',
    lockHint: '– a tag can be moved, a digest can’t. The image must be present on the Docker host.',
    reason: 'Reason',
    reasonExample: 'CVE-2024-9264',
    preview: 'Preview changes',
    changes: (file: string): string => `Changes to ${file}`,
    takesEffect: 'To apply the change, run:',
    write: (n: number): string => (n === 1 ? 'Write file' : `Write ${count(n)} files`),
    written: 'Written, not applied yet.',
    apply: 'The panel does not pull images or start containers. Run on the Docker host:',
  },
} as const;

// The frame: the snapshot that every screen starts from, and facts about the panel itself.
import type { Banner, Snapshot } from '../../../contract';
import type { Handlers, MockContext } from '../context';
import { BIDI, services } from '../data';
import { pinsSummary } from '../pins';
import { replay } from '../recorded';

/** The parts of a snapshot that the handlers of other screens keep. */
type SnapshotParts = {
  [K in 'stacks' | 'alerts' | 'maintenance' | 'backups' | 'checks' | 'escalations' | 'settings']: () => Snapshot[K];
};

export function panelCommands(
  context: MockContext,
  parts: SnapshotParts,
): Handlers<'snapshot' | 'refresh' | 'about' | 'open_link'> {
  const { scene, openedAt, drill } = context;
  return {
    snapshot: () => ({
      revision: context.revision(),
      at: Date.now(),
      stacks: parts.stacks(),
      services: services(scene, Date.now()),
      gauges: context.gauges,
      alerts: parts.alerts(),
      maintenance: parts.maintenance(),
      backups: parts.backups(),
      checks: parts.checks(),
      drill: drill.status(),
      escalations: parts.escalations(),
      pins: pinsSummary(scene, openedAt),
      settings: parts.settings(),
      banners: banners(context),
    }),
    refresh: () => {
      drill.did('refresh');
      return {};
    },
    about: () => ({
      ...replay('about'),
      keeper: scene === 'stale' ? 'aetherctl daemon (process 4211)' : scene === 'hostile' ? BIDI.repeat(4) : '',
    }),
    open_link: () => ({}),
  };
}

function banners({ scene, query, alerts }: MockContext): Banner[] {
  if (query.get('banner') === 'on')
    return [
      {
        id: 'keyring-unavailable',
        level: 'warn',
        text: 'No keyring on this computer: credentials are kept in memory and are gone when the panel closes.',
      },
    ];
  if (query.get('origin') === 'changed')
    return [
      {
        id: 'origin-alertmanager',
        level: 'warn',
        text: 'The Alertmanager password of stack "aetherlink" was not sent to http://alertmanager.changed.test:9093: it was entered for https://alertmanager.example.com.',
      },
    ];
  if (scene === 'hostile') return [{ id: 'x', level: 'critical', text: `${alerts[0]?.name} ${'very '.repeat(400)}` }];
  return [];
}

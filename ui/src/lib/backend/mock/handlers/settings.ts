// The settings of the panel.
import type { Settings, Theme } from '../../../contract';
import type { Handlers, MockContext } from '../context';
import { BIDI } from '../data';

export function settingsCommands({ scene, query, publish }: MockContext) {
  let settings: Settings = {
    theme: (query.get('theme') ?? 'dark') as Theme,
    prometheusIntervalS: 15,
    alertmanagerIntervalS: 10,
    grafanaIntervalS: 30,
    trendHours: 6,
    maxWindowMinutes: 480,
    historyDays: 90,
    backupEveryH: 24,
    notices: true,
    sound: false,
    quietFrom: 0,
    quietUntil: 0,
    alertColumns: ['severity', 'tenant', 'value', 'since', 'state'],
    maintenancePresets: [
      { name: 'Rolling deploy', minutes: 30, reason: 'Rolling deploy ', matchers: '' },
      { name: 'Database upgrade', minutes: 90, reason: 'Database upgrade', matchers: 'job=~"db.*"' },
    ],
    savedFilters:
      scene === 'hostile'
        ? [{ name: BIDI, filter: BIDI, states: [], severities: [], receivers: [], groupBy: [] }]
        : [
            {
              name: 'Loud and critical',
              filter: '',
              states: ['firing'],
              severities: ['critical'],
              receivers: [],
              groupBy: [],
            },
          ],
  };
  const handlers: Handlers<'settings_get' | 'settings_set'> = {
    settings_get: () => settings,
    settings_set: (changed) => {
      settings = changed;
      publish({ settings });
      return changed;
    },
  };
  return { handlers, current: (): Settings => settings };
}

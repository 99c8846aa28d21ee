// The settings of the panel.
import type { Settings, Theme } from '../../../contract';
import type { Handlers, MockContext } from '../context';
import { BIDI } from '../data';
import { replay } from '../recorded';

export function settingsCommands({ scene, query, publish }: MockContext) {
  let settings: Settings = { ...replay('settings_get'), theme: (query.get('theme') ?? 'dark') as Theme };
  if (scene === 'hostile')
    settings.savedFilters = [{ name: BIDI, filter: BIDI, states: [], severities: [], receivers: [], groupBy: [] }];
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

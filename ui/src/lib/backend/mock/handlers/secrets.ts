// Credentials: which are set, and to which addresses they may be sent.
import type { SecretsStatus } from '../../../contract';
import type { Handlers, MockContext } from '../context';
import { replay } from '../recorded';

/** An address that the profile came to name after the password was entered. */
const CHANGED_ORIGIN = 'http://alertmanager.changed.test:9093';

export function secretCommands({
  query,
}: MockContext): Handlers<'secret_status' | 'secret_set' | 'secret_delete' | 'secret_trust'> {
  const { store, storeNote, entries } = replay('secret_status');
  const configured = new Map(entries.map((e) => [e.id, e.configured]));
  const trusted: string[] = [];
  const inMemory = query.get('banner') === 'on';
  const status = (): SecretsStatus => ({
    store: inMemory ? 'memory' : store,
    storeNote: inMemory ? 'No keyring service answers on this computer.' : storeNote,
    entries: entries.map((entry) =>
      configured.get(entry.id)
        ? {
            ...entry,
            configured: true,
            origins: ['https://alertmanager.example.com', ...trusted],
            untrusted: query.get('origin') === 'changed' && !trusted.includes(CHANGED_ORIGIN) ? [CHANGED_ORIGIN] : [],
            origin: 'keyring',
          }
        : { ...entry, configured: false, origins: [], untrusted: [], origin: null },
    ),
  });
  return {
    secret_status: status,
    secret_trust: ({ origin }) => {
      trusted.push(origin);
      return status();
    },
    secret_set: ({ id }) => {
      configured.set(id, true);
      return status();
    },
    secret_delete: ({ id }) => {
      configured.set(id, false);
      return status();
    },
  };
}

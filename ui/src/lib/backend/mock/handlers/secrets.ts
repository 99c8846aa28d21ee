// Credentials: which are set, and to which addresses they may be sent.
import type { SecretsStatus } from '../../../contract';
import type { Handlers, MockContext } from '../context';

/** An address that the profile came to name after the password was entered. */
const CHANGED_ORIGIN = 'http://alertmanager.changed.test:9093';

export function secretCommands({
  query,
}: MockContext): Handlers<'secret_status' | 'secret_set' | 'secret_delete' | 'secret_trust'> {
  const configuredById = new Map<string, boolean>([
    ['alertmanager/password', true],
    ['grafana/token', false],
  ]);
  const trusted: string[] = [];
  const status = (): SecretsStatus => ({
    store: query.get('banner') === 'on' ? 'memory' : 'keyring',
    storeNote: query.get('banner') === 'on' ? 'No keyring service answers on this computer.' : '',
    entries: [...configuredById].map(([id, configured]) => ({
      id,
      title: id === 'grafana/token' ? 'Grafana token' : 'Alertmanager password',
      configured,
      origins: configured ? ['https://alertmanager.example.com', ...trusted] : [],
      untrusted:
        configured && query.get('origin') === 'changed' && !trusted.includes(CHANGED_ORIGIN) ? [CHANGED_ORIGIN] : [],
      origin: configured ? ('keyring' as const) : null,
      env: `AETHER_${id.replace('/', '_').toUpperCase()}`,
    })),
  });
  return {
    secret_status: status,
    secret_trust: ({ origin }) => {
      trusted.push(origin);
      return status();
    },
    secret_set: ({ id }) => {
      configuredById.set(id, true);
      return status();
    },
    secret_delete: ({ id }) => {
      configuredById.set(id, false);
      return status();
    },
  };
}

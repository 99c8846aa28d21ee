// Texts of the first start: three steps from an empty panel to a saved stack.
import { plural } from './common';

export const text = {
  heading: 'Connect the panel to your stack',
  intro: 'Three steps. Nothing is changed on any server.',
  steps: ['Find services', 'Test connections', 'Save the stack'],
  services: {
    prometheus: 'gauges, trends, pending alerts',
    alertmanager: 'alerts, silences, maintenance',
    grafana: 'dashboards',
  },
  optional: ', optional',
  found: 'found',
  notFound: 'not found on this computer',
  searched: (n: number): string => `Checked ${plural(n, 'address', 'addresses')} on this computer.`,
  searching: 'Searching this computer…',
  elsewhere: 'For other hosts, enter the URL.',
  later: 'Configure authentication, headers, certificates and more members later in Settings.',
  name: 'Stack name',
  reachable: 'reachable',
  notReachable: 'not reachable yet',
  vipTenants: 'VIP tenants',
  skip: 'Skip for now',
  test: (n: number): string => (n === 1 ? 'Test connection' : `Test ${n || ''} connections`.replace('  ', ' ')),
  continueAnyway: 'Continue anyway',
  saving: 'Saving…',
  save: (name: string): string => `Save ${name || 'stack'} and open the overview`,
  saved: (name: string): string => `${name} saved and selected.`,
} as const;

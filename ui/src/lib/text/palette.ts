// Texts of the palette: groups of objects and what can be done with them.
import { count } from '../format/number';

const of = (name: string, tenant: string): string => (tenant ? `${name} (${tenant})` : name);

export const text = {
  label: 'Command palette',
  find: 'Find a command, screen, alert, rule, backup…',
  list: 'Results',
  none: 'No matches',
  searching: 'Searching…',
  commands: 'Commands',
  groups: {
    alerts: 'Alerts',
    tenants: 'Tenants',
    windows: 'Maintenance windows',
    rules: 'Rules',
    runbooks: 'Runbooks',
    backups: 'Backups',
    dashboards: 'Dashboards in backups',
  },
  failed: (group: string, reason: string): string => `${group}: ${reason}`,
  alert: of,
  acknowledge: (name: string, tenant: string): string => `Acknowledge ${of(name, tenant)}…`,
  silence: (name: string, tenant: string): string => `Silence ${of(name, tenant)}…`,
  runbook: (name: string, tenant: string): string => `Runbook of ${of(name, tenant)}`,
  tenant: (tenant: string, alerts: number): string =>
    `${tenant} – show ${alerts === 1 ? '1 alert' : `${count(alerts)} alerts`}`,
  endWindow: (reason: string): string => `End “${reason}”…`,
  closeOut: (reason: string): string => `Close-out report of “${reason}”`,
  backup: (id: string, reason: string): string => (reason ? `${id} – ${reason}` : id),
  dashboard: (title: string, backup: string): string => `${title} – in ${backup}`,
} as const;

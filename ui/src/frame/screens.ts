// Where the code of each screen and dialog is. The overview is part of the first file, so that the first paint waits
// for nothing else.
import type { DialogKind, Screen } from '../lib/state/ui.svelte';
import { Lazy } from './lazy.svelte';

export const LAZY_SCREENS: Record<Exclude<Screen, 'overview'> | 'first-start', Lazy> = {
  'first-start': new Lazy(() => import('../screens/first-start/FirstStart.svelte')),
  alerts: new Lazy(() => import('../screens/alerts/Alerts.svelte')),
  maintenance: new Lazy(() => import('../screens/maintenance/Maintenance.svelte')),
  backups: new Lazy(() => import('../screens/backups/Backups.svelte')),
  versions: new Lazy(() => import('../screens/versions/Versions.svelte')),
  rules: new Lazy(() => import('../screens/rules/Rules.svelte')),
  slos: new Lazy(() => import('../screens/slos/Slos.svelte')),
  runbooks: new Lazy(() => import('../screens/runbooks/Runbooks.svelte')),
  checks: new Lazy(() => import('../screens/checks/Checks.svelte')),
  settings: new Lazy(() => import('../screens/settings/Settings.svelte')),
};

export const LAZY_DIALOGS: Record<DialogKind, Lazy> = {
  palette: new Lazy(() => import('./Palette.svelte')),
  shortcuts: new Lazy(() => import('./Shortcuts.svelte')),
  service: new Lazy(() => import('./ServiceDialog.svelte')),
  trust: new Lazy(() => import('./TrustDialog.svelte')),
  'maintenance-start': new Lazy(() => import('../screens/maintenance/StartDialog.svelte')),
  'maintenance-end': new Lazy(() => import('./EndDialog.svelte')),
  closeout: new Lazy(() => import('./CloseOutDialog.svelte')),
  'saved-filters': new Lazy(() => import('../screens/alerts/SavedFilters.svelte')),
  'backup-create': new Lazy(() => import('../screens/backups/BackupDialog.svelte')),
  deploy: new Lazy(() => import('../screens/deploy/DeployDialog.svelte')),
  'drill-start': new Lazy(() => import('../screens/runbooks/DrillStartDialog.svelte')),
  'drill-end': new Lazy(() => import('./DrillEndDialog.svelte')),
};

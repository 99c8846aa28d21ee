// What the person is looking at: the route, the open dialog, notices. The route is kept in the address's hash, so
// that back and forward work and a test can open any screen directly.
import type { DrillScenario, PanelError, ServiceKind, Silence } from '../contract';
import { focusListOnOpen, leaveListAlone } from '../keyboard/lists';
import { readAlertsQuery, type AlertListQuery } from '../format/address';

export const SCREENS = [
  'overview',
  'alerts',
  'maintenance',
  'backups',
  'versions',
  'rules',
  'slos',
  'runbooks',
  'checks',
  'settings',
] as const;
export type Screen = (typeof SCREENS)[number];

export interface Notice {
  id: number;
  tone: 'ok' | 'crit' | 'none';
  text: string;
  error?: PanelError;
  /** Where it leads, or Undo; such a notice stays until it is closed, a `brief` one only a little longer than others. */
  action?: { label: string; brief?: boolean; run: () => void };
}

/** May this credential be sent to this server? */
export interface TrustQuestion {
  /** The credential, as in `grafana/token`. */
  id: string;
  /** `scheme://host[:port]` */
  origin: string;
  /** Runs after consent. */
  confirmed?: () => void;
}

/** Where the person is: a screen, and what is open on it. */
export interface Route {
  screen: Screen;
  /**
   * The fingerprint of the open alert; a gauge's id on the overview, a backup's id, a rule's name, a tab of the settings;
   * on the runbooks screen a page's id, `@` and an alert's fingerprint, or `training` (with `~` and a drill's id for its
   * report).
   */
  item: string | null;
}

export const SETTINGS_TABS = ['stack', 'credentials', 'panel', 'about'] as const;
export type SettingsTab = (typeof SETTINGS_TABS)[number];

/** The one open dialog, with what it is about. */
export type Dialog =
  | { kind: 'palette' | 'shortcuts' | 'backup-create' | 'drill-end' }
  | { kind: 'service'; service: ServiceKind }
  /** No question: every credential that waits for consent. */
  | { kind: 'trust'; question: TrustQuestion | null }
  /** `matchers` is the scope to start with; empty: all alerts. */
  | { kind: 'maintenance-start'; matchers: string }
  /** `id` is a window's or a silence's; `silence` is set when it is no window of the snapshot. */
  | { kind: 'maintenance-end'; id: string; silence: Silence | null }
  | { kind: 'closeout'; windowId: string }
  | { kind: 'saved-filters'; list: AlertListQuery }
  /** No run: a new deploy. */
  | { kind: 'deploy'; runId: string | null }
  /** No scenario: a surprise. */
  | { kind: 'drill-start'; scenario: DrillScenario | null };
export type DialogKind = Dialog['kind'];

class Ui {
  route = $state.raw<Route>({ screen: 'overview', item: null });
  dialog = $state.raw<Dialog | null>(null);
  /** List that the alerts screen is asked to show; it takes this over and clears it. */
  alertQuery = $state.raw<AlertListQuery | null>(null);
  /** Dashboard that the page of a backup is to show, by its path; the page takes this over and clears it. */
  dashboardPath = $state.raw<string | null>(null);
  /** What the drawer of the open alert is to focus when it opens; it takes this over and clears it. */
  alertFocus = $state.raw<'alert' | 'note' | null>(null);
  /** Person whose training is shown; none: the one at this machine. */
  trainee = $state<string | null>(null);
  notices = $state.raw<Notice[]>([]);
  firstStartSkipped = $state(false);
  shortcuts = $state(localStorage.getItem('aether-shortcuts') !== 'off');
  #next = 1;

  go(screen: Screen, item: string | null = null): void {
    this.dialog = null;
    focusListOnOpen();
    if (this.route.screen === screen && this.route.item === item) return;
    this.route = { screen, item };
    history.pushState(null, '', `#/${screen}${item ? `/${encodeURIComponent(item)}` : ''}`);
  }

  /** Shows another item of the current screen, without a step that Back returns to. */
  replaceItem(item: string | null): void {
    if (this.route.item === item) return;
    this.route = { ...this.route, item };
    history.replaceState(null, '', `#/${this.route.screen}${item ? `/${encodeURIComponent(item)}` : ''}`);
  }

  /** Opens an alert beside the list, which stays as it is. `focus`: its note, to acknowledge it. */
  openAlert(fingerprint: string, focus: 'alert' | 'note' = 'alert'): void {
    this.alertFocus = focus;
    this.go('alerts', fingerprint);
    leaveListAlone();
  }

  openDashboard(backup: string, path: string): void {
    this.dashboardPath = path;
    this.go('backups', backup);
  }

  /** A request from outside the page: a notification, the tray, a link. */
  follow(name: string, filter: string, query: string): void {
    const screen = SCREENS.find((s) => s === name);
    if (screen === 'alerts' && (filter || query))
      this.showAlerts({ ...readAlertsQuery(query), ...(filter ? { filter } : {}) });
    else if (screen) this.go(screen);
  }

  /** Reads the route from the address. */
  fromAddress(): void {
    const [, name, encoded, query] = /^#\/([a-z-]+)(?:\/([^?]+))?(?:\?(.*))?$/.exec(location.hash) ?? [];
    const screen = SCREENS.find((s) => s === name) ?? 'overview';
    let item: string | null = null;
    try {
      item = encoded ? decodeURIComponent(encoded) : null;
    } catch {
      // An item that can't be decoded leads to the screen alone.
    }
    // Links from before the SLOs had a screen of their own.
    if (screen === 'runbooks' && item === 'slo-status') {
      this.route = { screen: 'slos', item: null };
      return;
    }
    if (screen === 'alerts' && query !== undefined) this.alertQuery = readAlertsQuery(query);
    this.route = { screen, item };
  }

  /** The open dialog; for the dialog's component, which reads once what it is about. */
  opened<K extends DialogKind>(kind: K): Extract<Dialog, { kind: K }> {
    if (this.dialog?.kind !== kind) throw new Error(`no ${kind} dialog is open`);
    return this.dialog as Extract<Dialog, { kind: K }>;
  }

  openSettings(tab: SettingsTab): void {
    this.go('settings', tab);
  }

  showAlerts(query: AlertListQuery): void {
    this.alertQuery = query;
    this.go('alerts');
  }

  /** Opens the start dialog for what these matchers match; without any, for all alerts. */
  silence(matchers = ''): void {
    this.dialog = { kind: 'maintenance-start', matchers };
  }

  /** Asks whether to end a window (by its id) or a silence. */
  askEnd(id: string, silence: Silence | null = null): void {
    this.dialog = { kind: 'maintenance-end', id, silence };
  }

  /** Asks whether a credential may be sent to a server it was not entered for. */
  askTrust(question: TrustQuestion | null = null): void {
    this.dialog = { kind: 'trust', question };
  }

  deploy(runId: string | null): void {
    this.dialog = { kind: 'deploy', runId };
  }

  startDrill(scenario: DrillScenario | null): void {
    this.dialog = { kind: 'drill-start', scenario };
  }

  closeOut(windowId: string): void {
    this.dialog = { kind: 'closeout', windowId };
  }

  setShortcuts(on: boolean): void {
    this.shortcuts = on;
    localStorage.setItem('aether-shortcuts', on ? 'on' : 'off');
  }

  notify(tone: Notice['tone'], text: string, error?: PanelError, action?: Notice['action']): void {
    const id = this.#next++;
    this.notices = [...this.notices.slice(-3), { id, tone, text, error, action }];
    // An error stays until it is read and closed.
    if (!error && (!action || action.brief)) setTimeout(() => this.dismiss(id), action ? 12_000 : 6000);
  }

  dismiss(id: number): void {
    this.notices = this.notices.filter((n) => n.id !== id);
  }
}

export const ui = new Ui();

// What the person is looking at: the screen, open dialogs, notices. The screen is kept in the address's hash, so
// that back and forward work and a test can open any screen directly.
import type { DrillScenario, PanelError, ServiceKind, Silence } from '../contract';
import { readAlertsQuery, type ListAsked } from '../format/address';

export const SCREENS = [
  'overview',
  'alerts',
  'maintenance',
  'backups',
  'versions',
  'rules',
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
  /** Where it leads; such a notice stays until it is closed. */
  action?: { label: string; run: () => void };
}

/** May this credential be sent to this server? */
export interface TrustQuestion {
  /** The credential, as in `grafana/token`. */
  id: string;
  /** `scheme://host[:port]` */
  origin: string;
  /** Runs after a yes. */
  confirmed?: () => void;
}

export type DialogName =
  | 'maintenance-start'
  | 'maintenance-end'
  | 'shortcuts'
  | 'palette'
  | 'service'
  | 'saved-filters'
  | 'closeout'
  | 'backup-create'
  | 'deploy'
  | 'drill-start'
  | 'drill-end'
  | 'trust'
  | null;

class Ui {
  screen = $state<Screen>('overview');
  /** Gauge whose detail is open on the overview. */
  gauge = $state<string | null>(null);
  /** Backup that is open on the backups screen. */
  backup = $state<string | null>(null);
  /** Runbook that is open: a page's id, `@` and an alert's fingerprint, or `training`, with `~` and a drill's id for its report. */
  runbook = $state<string | null>(null);
  /** What the alerts screen is asked to show; it takes this over and clears it. */
  alertsAsked = $state.raw<ListAsked | null>(null);
  /** Tab of the settings. */
  settingsTab = $state<'stack' | 'credentials' | 'panel' | 'about'>('stack');
  dialog = $state<DialogName>(null);
  /** Matchers that the start dialog begins with; it takes them over and clears them. */
  startMatchers = $state('');
  /** Service that the service dialog is about. */
  service = $state<ServiceKind>('prometheus');
  /** Window or silence that the end dialog is about. */
  endId = $state('');
  /** Window that the close-out report is about. */
  closeOutId = $state('');
  /** That silence, when it is not one of the windows in the snapshot. */
  endSilence = $state.raw<Silence | null>(null);
  /** Goes up when the search box of the screen is asked for (`/`). */
  searchAsked = $state(0);
  notices = $state.raw<Notice[]>([]);
  firstStartSkipped = $state(false);
  shortcuts = $state(localStorage.getItem('aether-shortcuts') !== 'off');
  #next = 1;

  /** Goes to a screen; `thing` is the gauge, the backup or the runbook that is open on it. */
  go(screen: Screen, thing: string | null = null): void {
    this.dialog = null;
    const [gauge, backup, runbook] = [
      screen === 'overview' ? thing : null,
      screen === 'backups' ? thing : null,
      screen === 'runbooks' ? thing : null,
    ];
    if (this.screen !== screen || this.gauge !== gauge || this.backup !== backup || this.runbook !== runbook) {
      this.screen = screen;
      this.gauge = gauge;
      this.backup = backup;
      this.runbook = runbook;
      history.pushState(null, '', `#/${screen}${thing ? `/${encodeURIComponent(thing)}` : ''}`);
    }
  }

  /** From outside the page: a notice, the tray, a link that somebody followed. */
  follow(name: string, filter: string, query: string): void {
    const screen = SCREENS.find((s) => s === name);
    if (screen === 'alerts' && (filter || query))
      this.showAlerts({ ...readAlertsQuery(query), ...(filter ? { filter } : {}) });
    else if (screen) this.go(screen);
  }

  /** Opens the start dialog for what these matchers match. */
  silence(matchers: string): void {
    this.startMatchers = matchers;
    this.dialog = 'maintenance-start';
  }

  /** What the dialog of saved filters would save. */
  filterToSave = $state.raw<ListAsked | null>(null);

  showAlerts(asked: ListAsked): void {
    this.alertsAsked = asked;
    this.go('alerts');
  }

  /** Reads the screen from the address. */
  fromAddress(): void {
    const [, name, thing, query] = /^#\/([a-z-]+)(?:\/([^?]+))?(?:\?(.*))?$/.exec(location.hash) ?? [];
    this.screen = SCREENS.find((s) => s === name) ?? 'overview';
    if (this.screen === 'alerts' && query !== undefined) this.alertsAsked = readAlertsQuery(query);
    let open: string | null = null;
    try {
      open = thing ? decodeURIComponent(thing) : null;
    } catch {
      // A link that is no address leads to the screen alone.
    }
    this.gauge = this.screen === 'overview' ? open : null;
    this.backup = this.screen === 'backups' ? open : null;
    this.runbook = this.screen === 'runbooks' ? open : null;
  }

  /** Asks whether to end a window (by its id) or a silence. */
  askEnd(id: string, silence: Silence | null = null): void {
    this.endId = id;
    this.endSilence = silence;
    this.dialog = 'maintenance-end';
  }

  /** Credential and server that the trust dialog asks about; none: all that wait for a confirmation. */
  trustAsked = $state.raw<TrustQuestion | null>(null);

  /** Asks whether a credential may be sent to a server it was not entered for. */
  askTrust(question: TrustQuestion | null = null): void {
    this.trustAsked = question;
    this.dialog = 'trust';
  }

  /** Deploy that the dialog is about; empty: a new one. */
  deployId = $state('');

  deploy(id: string): void {
    this.deployId = id;
    this.dialog = 'deploy';
  }

  /** Drill that the start dialog begins with; none: any. */
  drillAsked = $state<DrillScenario | null>(null);
  /** Person whose training is looked at; none: the one at this machine. */
  trainee = $state<string | null>(null);

  startDrill(scenario: DrillScenario | null): void {
    this.drillAsked = scenario;
    this.dialog = 'drill-start';
  }

  closeOut(id: string): void {
    this.closeOutId = id;
    this.dialog = 'closeout';
  }

  setShortcuts(on: boolean): void {
    this.shortcuts = on;
    localStorage.setItem('aether-shortcuts', on ? 'on' : 'off');
  }

  notify(tone: Notice['tone'], text: string, error?: PanelError, action?: Notice['action']): void {
    const id = this.#next++;
    this.notices = [...this.notices.slice(-3), { id, tone, text, error, action }];
    // An error stays until it is read and closed.
    if (!error && !action) setTimeout(() => this.dismiss(id), 6000);
  }

  dismiss(id: number): void {
    this.notices = this.notices.filter((n) => n.id !== id);
  }
}

export const ui = new Ui();

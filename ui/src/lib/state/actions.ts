// Actions that several places offer. Each calls one command and reports the result.
import type { Settings } from '../contract';
import { asPanelError } from '../backend';
import { planned } from '../format/duration';
import { panel } from './panel.svelte';
import { appearance } from './theme.svelte';
import { ui } from './ui.svelte';
import { text } from '../text/actions';

export async function openLink(url: string): Promise<void> {
  try {
    await panel.call('open_link', { url });
  } catch (thrown) {
    ui.notify('crit', text.openFailed, asPanelError(thrown));
  }
}

export async function refresh(): Promise<void> {
  try {
    await panel.call('refresh', {});
    ui.notify('none', text.refreshing);
  } catch (thrown) {
    ui.notify('crit', text.refreshFailed, asPanelError(thrown));
  }
}

export async function selectStack(name: string): Promise<void> {
  try {
    const list = await panel.call('stack_select', { name });
    ui.notify('ok', text.switched(list.active));
  } catch (thrown) {
    ui.notify('crit', text.switchFailed(name), asPanelError(thrown));
  }
}

export async function extend(id: string, seconds: number): Promise<void> {
  try {
    await panel.call('maintenance_extend', { id, addS: seconds });
    ui.notify('ok', seconds < 0 ? text.shortened(planned(-seconds)) : text.extended(planned(seconds)));
  } catch (thrown) {
    ui.notify('crit', seconds < 0 ? text.shortenFailed : text.extendFailed, asPanelError(thrown));
  }
}

export async function repair(id: string): Promise<void> {
  try {
    const w = await panel.call('maintenance_repair', { id });
    ui.notify(
      w.phase === 'verified' ? 'ok' : 'none',
      w.phase === 'verified'
        ? text.recreated
        : text.partlyRecreated(w.members.filter((m) => m.state === 'active').length, w.members.length),
    );
  } catch (thrown) {
    ui.notify('crit', text.recreateFailed, asPanelError(thrown));
  }
}

export async function saveSettings(change: Partial<Settings>): Promise<boolean> {
  const now = panel.snapshot?.settings;
  if (!now) return false;
  if (change.theme) appearance.choose(change.theme);
  try {
    await panel.call('settings_set', { ...now, ...change });
    return true;
  } catch (thrown) {
    if (change.theme) appearance.choose(now.theme);
    ui.notify('crit', text.settingsFailed, asPanelError(thrown));
    return false;
  }
}

/**
 * The window that the switch in the frame is about: one that is being started, else the one that keeps alerts muted
 * longest. A silence of some alerts is no maintenance.
 */
export function currentWindow(): import('../contract').MaintenanceWindow | undefined {
  const status = panel.snapshot?.maintenance;
  const maintenance = (status?.windows ?? []).filter((w) => w.maintenance);
  const on = maintenance.filter((w) => ['accepted', 'verified', 'partial', 'unconfirmed'].includes(w.phase));
  // What ends last may be a silence that somebody made elsewhere.
  return (
    maintenance.find((w) => w.phase === 'asked') ??
    on.find((w) => w.id === status?.quiet.last) ??
    on.sort((a, b) => b.endsAt - a.endsAt)[0]
  );
}

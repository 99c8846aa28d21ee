// Acts that several places offer: each calls one command and says what came of it.
import type { Settings } from '../contract';
import { asPanelError } from '../backend';
import { planned } from '../format/duration';
import { panel } from './panel.svelte';
import { appearance } from './theme.svelte';
import { ui } from './ui.svelte';

export async function openLink(url: string): Promise<void> {
  try {
    await panel.call('open_link', { url });
  } catch (thrown) {
    ui.notify('crit', 'The page was not opened.', asPanelError(thrown));
  }
}

export async function refresh(): Promise<void> {
  try {
    await panel.call('refresh', {});
    ui.notify('none', 'Asking every server now.');
  } catch (thrown) {
    ui.notify('crit', 'The servers were not asked.', asPanelError(thrown));
  }
}

export async function selectStack(name: string): Promise<void> {
  try {
    const list = await panel.call('stack_select', { name });
    ui.notify('ok', `Now on ${list.active}.`);
  } catch (thrown) {
    ui.notify('crit', `${name} was not selected.`, asPanelError(thrown));
  }
}

export async function extend(id: string, seconds: number): Promise<void> {
  try {
    await panel.call('maintenance_extend', { id, addS: seconds });
    ui.notify(
      'ok',
      seconds < 0 ? `${planned(-seconds)} taken off and read back.` : `${planned(seconds)} added and read back.`,
    );
  } catch (thrown) {
    ui.notify(
      'crit',
      seconds < 0 ? 'The window was not shortened.' : 'The window was not extended.',
      asPanelError(thrown),
    );
  }
}

export async function repair(id: string): Promise<void> {
  try {
    const w = await panel.call('maintenance_repair', { id });
    ui.notify(
      w.phase === 'verified' ? 'ok' : 'none',
      w.phase === 'verified'
        ? 'It mutes on every member again.'
        : `It is on ${w.members.filter((m) => m.state === 'active').length} of ${w.members.length} members.`,
    );
  } catch (thrown) {
    ui.notify('crit', 'The window was not given back.', asPanelError(thrown));
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
    ui.notify('crit', 'The settings were not saved.', asPanelError(thrown));
    return false;
  }
}

/** The window that the switch in the frame is about: the one that ends last is what keeps alerts quiet. */
export function currentWindow(): import('../contract').MaintenanceWindow | undefined {
  // One that begins later is no maintenance yet.
  const live = (panel.snapshot?.maintenance.windows ?? []).filter(
    (w) => w.phase !== 'ended' && w.phase !== 'lost' && w.phase !== 'scheduled',
  );
  return live.find((w) => w.phase === 'verified' || w.phase === 'partial') ?? live[0];
}

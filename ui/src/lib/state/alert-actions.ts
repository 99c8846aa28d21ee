// What a key or a command does to one alert.
import type { AlertRow } from '../contract';
import { asPanelError } from '../backend';
import { alertTitle } from '../format/alert';
import { safe } from '../format/untrusted';
import { matcherText } from '../query/filter';
import { text } from '../text/actions';
import { verb } from '../text/common';
import { panel } from './panel.svelte';
import { ui } from './ui.svelte';

/** Matchers of exactly this alert, its name first. */
export function selectorOf(alert: Pick<AlertRow, 'labels'>): string {
  return Object.entries(alert.labels)
    .sort(([a], [b]) => (a === 'alertname' ? -1 : b === 'alertname' ? 1 : a.localeCompare(b)))
    .map(([name, value]) => matcherText(name, value ?? ''))
    .join(' ');
}

/** Only an alert that Alertmanager has can be acknowledged. */
export function canAcknowledge(alert: Pick<AlertRow, 'state'>): boolean {
  return alert.state !== 'pending' && alert.state !== 'resolved';
}

export function silenceAlert(alert: Pick<AlertRow, 'labels'>): void {
  ui.silence(selectorOf(alert));
}

export function openRunbook(alert: Pick<AlertRow, 'fingerprint'>): void {
  ui.go('runbooks', `@${alert.fingerprint}`);
}

/** Acknowledges an alert without a note. It silences nothing and can be undone. */
export async function acknowledge(alert: AlertRow): Promise<void> {
  const name = safe(alertTitle(alert), 80);
  if (!canAcknowledge(alert)) {
    ui.notify('none', alert.state === 'pending' ? text.acknowledgePending(name) : text.acknowledgeResolved(name));
    return;
  }
  if (alert.ack) {
    ui.notify('none', text.alreadyAcknowledged(name, safe(alert.ack.by, 40)));
    return;
  }
  await set(alert, '', text.acknowledged(name), text.acknowledgeFailed(name), {
    label: verb.undo,
    brief: true,
    run: () => void set(alert, null, text.acknowledgmentRemoved(name), text.removeAcknowledgmentFailed(name)),
  });
}

async function set(
  alert: AlertRow,
  note: string | null,
  done: string,
  failed: string,
  action?: { label: string; brief: boolean; run: () => void },
): Promise<void> {
  try {
    await panel.call('alert_acknowledge', { fingerprint: alert.fingerprint, note, by: '' });
    ui.notify('ok', done, undefined, action);
  } catch (thrown) {
    ui.notify('crit', failed, asPanelError(thrown));
  }
}

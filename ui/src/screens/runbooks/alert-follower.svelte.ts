// Keeps the alert of an open runbook up to date: acknowledged, escalated or resolved meanwhile.
import type { AlertRow } from '../../lib/contract';
import { labelsFilter } from '../../lib/query/filter';
import { anyAlert } from '../../lib/state/alert-lookup';
import { panel } from '../../lib/state/panel.svelte';

/** A list of many alerts changes often. */
const PAUSE_MS = 1_000;
/** Alerts that share the first labels of the one that is looked for. */
const MOST = 50;

export class AlertFollower {
  /** As the list has it now; null before the first reply. */
  row = $state.raw<AlertRow | null>(null);
  #latest = 0;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #at = 0;

  /** Looks the alert up again, at most once a second. */
  follow(opened: AlertRow | null): void {
    clearTimeout(this.#timer);
    if (!opened) return;
    const wait = this.#at === 0 ? 0 : Math.max(0, this.#at + PAUSE_MS - Date.now());
    this.#timer = setTimeout(() => void this.#load(opened), wait);
  }

  stop(): void {
    clearTimeout(this.#timer);
    this.#latest += 1;
  }

  async #load(opened: AlertRow): Promise<void> {
    const request = ++this.#latest;
    this.#at = Date.now();
    try {
      const page = await panel.call('alerts_page', anyAlert({ filter: labelsFilter(opened.labels), limit: MOST }));
      const row = page.rows.find((r) => r.fingerprint === opened.fingerprint);
      if (request === this.#latest && row) this.row = row;
    } catch {
      // The last known state stays; a lost connection is shown by the frame.
    }
  }
}

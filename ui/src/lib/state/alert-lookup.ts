// One alert by its fingerprint, wherever it is in the panel's list.
import type { AlertFingerprint, AlertRow, AlertState, AlertsRequest } from '../contract';
import { panel } from './panel.svelte';

const ALL_STATES: AlertState[] = ['firing', 'pending', 'silenced', 'muted', 'inhibited', 'resolved'];
const PAGE = 500;
/** Without its labels an alert is looked for among this many, the most urgent first. */
const MOST = 10_000;

export function anyAlert(part: Partial<AlertsRequest>): AlertsRequest {
  return {
    filter: '',
    states: ALL_STATES,
    severities: [],
    receivers: [],
    groupBy: [],
    facets: [],
    labelNames: false,
    sort: 'urgency',
    descending: false,
    offset: 0,
    limit: PAGE,
    ...part,
  };
}

/** The alert as the panel has it now; null if it is no longer listed. `filter` matches its labels, if they are known. */
export async function findAlert(fingerprint: AlertFingerprint, filter = ''): Promise<AlertRow | null> {
  for (let offset = 0; offset < MOST; offset += PAGE) {
    const page = await panel.call('alerts_page', anyAlert({ filter, offset }));
    const row = page.rows.find((one) => one.fingerprint === fingerprint);
    if (row) return row;
    if (offset + PAGE >= page.total) break;
  }
  return null;
}

// Addresses that may be opened, and links into the panel.
import type { AlertSort, AlertState, AlertsRequest, Severity } from '../contract';

/** The address in its normal form if it is http or https with a host and no credentials in it. */
export function webAddress(text: string): string | null {
  try {
    const url = new URL(text.trim());
    return (url.protocol === 'http:' || url.protocol === 'https:') &&
      url.hostname !== '' &&
      url.username === '' &&
      url.password === ''
      ? url.href
      : null;
  } catch {
    return null;
  }
}

/** What a list of alerts is asked for: the part of a request that a person chooses. */
export type AlertListQuery = Partial<
  Pick<AlertsRequest, 'filter' | 'states' | 'severities' | 'receivers' | 'groupBy' | 'sort' | 'descending'>
>;

const STATES: readonly AlertState[] = ['pending', 'firing', 'silenced', 'inhibited', 'muted', 'resolved'];
const SEVERITIES: readonly Severity[] = ['critical', 'warning', 'info', 'other'];
const SORTS: readonly AlertSort[] = ['urgency', 'name', 'tenant', 'since', 'severity', 'state', 'value'];
const MOST = 16;

/** `aetherlink://alerts?filter=…`: opens this list in the panel of whoever follows it. */
export function alertsLink(asked: AlertListQuery): string {
  const query = new URLSearchParams();
  if (asked.filter?.trim()) query.set('filter', asked.filter.trim());
  for (const s of asked.states ?? []) query.append('state', s);
  for (const s of asked.severities ?? []) query.append('severity', s);
  for (const r of asked.receivers ?? []) query.append('receiver', r);
  for (const g of asked.groupBy ?? []) query.append('group', g);
  if (asked.sort && asked.sort !== 'urgency') query.set('sort', asked.sort);
  if (asked.descending) query.set('order', 'desc');
  // Some programs that a link goes through take a plus sign for itself.
  const text = query.toString().replace(/\+/g, '%20');
  return `aetherlink://alerts${text ? `?${text}` : ''}`;
}

/** Reads the query of such a link. What it does not know is left out. */
export function readAlertsQuery(text: string): AlertListQuery {
  const query = new URLSearchParams(text.slice(0, 8192));
  const known = <T extends string>(name: string, all: readonly T[]): T[] =>
    all.filter((word) =>
      query
        .getAll(name)
        .flatMap((v) => v.split(','))
        .includes(word),
    );
  const texts = (name: string): string[] =>
    [...new Set(query.getAll(name).filter(Boolean))].slice(0, MOST).map((v) => v.slice(0, 256));
  const sort = SORTS.find((s) => s === query.get('sort'));
  return {
    filter: (query.get('filter') ?? '').slice(0, 4096),
    states: known('state', STATES),
    severities: known('severity', SEVERITIES),
    receivers: texts('receiver'),
    groupBy: texts('group').slice(0, 3),
    ...(sort ? { sort } : {}),
    ...(query.get('order') === 'desc' ? { descending: true } : {}),
  };
}

/** The page that a link of a page names: `NoRecentTraffic.md`, `runbooks/x.md#y`; none for anything else. */
export function pageOf(href: string): string | null {
  const [, name] = /^(?:\.{0,2}\/)*(?:[\w-]+\/)*([\w-]+)\.md(?:#.*)?$/.exec(href) ?? [];
  return name ?? null;
}

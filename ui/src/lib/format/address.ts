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

const TYPED = /^(?:(\[[0-9a-f:.]+\]|[\w.-]+)(?::(\d{1,5}))?)((?:[/?#].*)?)$/i;

/**
 * The address of a server with its scheme: `http://` where none was typed, `https://` for port 443. Other text is
 * returned as it is. The panel does the same with profiles (`foundation/src/web.rs`).
 */
export function withScheme(typed: string): string {
  const address = typed.trim();
  if (/^[0-9a-f]*:[0-9a-f:.]*:[0-9a-f:.]*$/i.test(address) && URL.canParse(`http://[${address}]`))
    return `http://[${address}]`;
  const [, host, port, path] = TYPED.exec(address) ?? [];
  if (host === undefined || (port !== undefined && Number(port) > 65_535)) return address;
  const full = `${port === '443' ? 'https' : 'http'}://${host}${port === undefined ? '' : `:${port}`}${path ?? ''}`;
  return host.startsWith('[') && !URL.canParse(full) ? address : full;
}

/** The part of a request for alerts that a person chooses. */
export type AlertListQuery = Partial<
  Pick<AlertsRequest, 'filter' | 'states' | 'severities' | 'receivers' | 'groupBy' | 'sort' | 'descending'>
>;

const STATES: readonly AlertState[] = ['pending', 'firing', 'silenced', 'inhibited', 'muted', 'resolved'];
const SEVERITIES: readonly Severity[] = ['critical', 'warning', 'info', 'other'];
const SORTS: readonly AlertSort[] = ['urgency', 'name', 'tenant', 'since', 'severity', 'state', 'value'];
const MOST = 16;

/** `aetherlink://alerts?filter=…`: opens this list in the panel of whoever follows it. */
export function alertsLink(query: AlertListQuery): string {
  const parameters = new URLSearchParams();
  if (query.filter?.trim()) parameters.set('filter', query.filter.trim());
  for (const s of query.states ?? []) parameters.append('state', s);
  for (const s of query.severities ?? []) parameters.append('severity', s);
  for (const r of query.receivers ?? []) parameters.append('receiver', r);
  for (const g of query.groupBy ?? []) parameters.append('group', g);
  if (query.sort && query.sort !== 'urgency') parameters.set('sort', query.sort);
  if (query.descending) parameters.set('order', 'desc');
  // Some programs that a link goes through take a plus sign for itself.
  const text = parameters.toString().replace(/\+/g, '%20');
  return `aetherlink://alerts${text ? `?${text}` : ''}`;
}

/** Reads the query of such a link. What it does not know is left out. */
export function readAlertsQuery(text: string): AlertListQuery {
  const query = new URLSearchParams(text.slice(0, 8192));
  const allowed = <T extends string>(name: string, all: readonly T[]): T[] =>
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
    states: allowed('state', STATES),
    severities: allowed('severity', SEVERITIES),
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

// Past episodes of the made-up alerts: some often, one flapping, one still on.
import type { AlertHistoryPage, AlertHistoryRequest, AlertRow, Episode, HistoryAlert } from '../../contract';
import { random, type Scene } from './data';

const HOUR = 3_600_000;

export function pastAlerts(
  scene: Scene,
  rows: AlertRow[],
  r: AlertHistoryRequest,
  now: number,
  matches: (row: AlertRow, filter: string) => boolean,
): AlertHistoryPage {
  const from = now - r.hours * HOUR;
  const episodes: Episode[] = rows
    .slice(0, 12)
    .flatMap((row, i) => {
      if (!matches(row, r.filter) || (r.fingerprint !== '' && r.fingerprint !== row.fingerprint)) return [];
      const base = {
        fingerprint: row.fingerprint,
        name: row.name,
        severity: row.severity,
        tenant: row.tenant,
        vip: row.vip,
        labels: row.labels,
      };
      const past = Array.from({ length: (i * 5) % 7 }, (_, n): Episode => {
        const began = now - (n + 1) * (i === 3 ? 0.2 : 3.1) * HOUR - i * HOUR;
        return {
          ...base,
          began,
          ended: began + (4 + random() * 40) * 60_000,
          lowest: row.value === null ? null : row.value * 0.8,
          highest: row.value,
          mutedS: n === 1 ? 600 : 0,
          backfilled: n > 3,
          stepS: n > 3 ? 60 : 0,
        };
      });
      const open: Episode[] =
        row.state === 'firing'
          ? [
              {
                ...base,
                began: row.since,
                ended: null,
                lowest: row.value,
                highest: row.value,
                mutedS: 0,
                backfilled: false,
                stepS: 0,
              },
            ]
          : [];
      return [...open, ...past];
    })
    .filter((e) => (e.ended ?? now) >= from)
    .sort((a, b) => b.began - a.began);
  const alerts: HistoryAlert[] = [...new Set(episodes.map((e) => e.name))]
    .map((name) => {
      const own = episodes.filter((e) => e.name === name).reverse();
      const length = (e: Episode): number => ((e.ended ?? now) - e.began) / 1000;
      return {
        name,
        filter: `alertname=${JSON.stringify(name)}`,
        severity: own[0]?.severity ?? 'other',
        episodes: own.length,
        alerts: new Set(own.map((e) => e.fingerprint)).size,
        totalS: Math.round(own.reduce((sum, e) => sum + length(e), 0)),
        longestS: Math.round(Math.max(...own.map(length))),
        flapping: own.length > 6,
        spans: own.map((e) => ({ began: Math.max(from, e.began), ended: e.ended ?? now, open: e.ended === null })),
      };
    })
    .sort((a, b) => b.episodes - a.episodes);
  return {
    from,
    to: now,
    episodes: episodes.slice(r.offset, r.offset + r.limit),
    total: episodes.length,
    alerts: alerts.slice(0, 40),
    names: alerts.length,
    tenantLabel: 'tenant_id',
    knownSince: scene === 'empty' ? null : now - 40 * 24 * HOUR,
    note: '',
  };
}

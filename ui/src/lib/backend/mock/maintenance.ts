// Made-up windows that were, their close-out reports, and schedules.
import type { CloseOut, CloseOutAlert, MaintenanceWindow, PastWindow, Schedule, Silence } from '../../contract';
import { MINUTE } from './data';

const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

function alert(
  name: string,
  severity: CloseOutAlert['severity'],
  tenant: string | null,
  began: number,
  ended: number | null,
  pagesBy: number | null,
  note: string,
): CloseOutAlert {
  return {
    fingerprint: `${name}-${tenant}`,
    name,
    severity,
    tenant,
    vip: tenant?.startsWith('vip') === true,
    labels: ['job="aetherlink-api"'],
    began,
    ended,
    receivers: ['pager'],
    pagesFrom: pagesBy === null ? null : pagesBy - 5 * MINUTE,
    pagesBy,
    note,
  };
}

export function closeOut(
  id: string,
  open: MaintenanceWindow | undefined,
  silences: Silence[],
  now: number,
  odd: string,
): CloseOut {
  const start = open?.startsAt ?? now - 40 * MINUTE;
  const end = open ? now : now - 10 * MINUTE;
  return {
    window: id,
    stack: 'production',
    reason: odd || (open?.reason ?? 'Deploy v2.2.9'),
    createdBy: open?.createdBy ?? 'alice',
    startsAt: start,
    endedAt: end,
    preliminary: open !== undefined,
    madeAt: now,
    hidden: 7,
    leftOver: 4,
    stillFiring: [
      alert(
        odd || 'LowConfidenceSpikeVIP',
        'critical',
        'vip-customer-123',
        end - 4 * MINUTE,
        null,
        end + 5 * MINUTE,
        'Started during the window; notified with the next group notification.',
      ),
      alert(
        'CacheEffectivenessDrop',
        'warning',
        'shop-7',
        start - 30 * MINUTE,
        null,
        start + 4 * HOUR,
        'Notified before the window; notified again when the repeat interval elapses.',
      ),
    ],
    openOutside: [
      alert(
        'CacheEffectivenessDrop',
        'warning',
        'shop-12',
        start - 20 * MINUTE,
        start + 9 * MINUTE,
        null,
        'Resolved while muted; no resolved notification was sent. Close the incident manually.',
      ),
    ],
    silentAgain: [
      alert(
        'LowConfidenceSpike',
        'warning',
        'acme',
        end - 3 * MINUTE,
        null,
        start + 4 * HOUR,
        'Resolved and fired again while muted. Alertmanager considers it already notified, so there is no notification until the repeat interval elapses.',
      ),
    ],
    unseen: [alert('HealthScoreDegradation', 'warning', null, start + 2 * MINUTE, start + 8 * MINUTE, null, '')],
    silences: silences.filter((s) => s.state === 'active').slice(0, 2),
    notes: ['Notification status is inferred from routes and alert history; Alertmanager does not report it.'],
    markdown: '# Maintenance close-out: Deploy v2.2.9\n',
  };
}

export function pastWindows(now: number, odd: string): PastWindow[] {
  const reasons = [
    'Deploy v2.3.0',
    'Rolling deploy v2.2.9',
    'Database upgrade',
    'Weekly database upgrade',
    'Kernel patches',
  ];
  return Array.from({ length: 23 }, (_, i) => {
    const startsAt = now - (i * 1.7 + 0.1) * DAY;
    const plannedEnd = startsAt + (i % 4 === 2 ? 90 : 30) * MINUTE;
    const outcome = i === 6 ? 'refused' : i % 3 === 1 ? 'ended-early' : 'ended';
    return {
      id: `p-${i}`,
      reason: odd || (reasons[i % reasons.length] ?? ''),
      createdBy: i % 2 ? 'bob' : 'alice',
      startsAt,
      plannedEnd,
      endsAt: outcome === 'ended-early' ? plannedEnd - 11 * MINUTE : plannedEnd,
      moved: i % 5 === 0 ? 1 : 0,
      outcome,
      matchers: [],
      hidden: outcome === 'refused' ? null : (i * 7) % 12,
      leftOver: outcome === 'refused' ? null : i % 4 === 0 ? 2 : 0,
    };
  });
}

/** The next five Sundays at two. */
export function dates(now: number): { next: number[]; local: string[] } {
  const first = new Date(now);
  first.setUTCDate(first.getUTCDate() + 7 - first.getUTCDay());
  first.setUTCHours(2, 0, 0, 0);
  const next = Array.from({ length: 5 }, (_, i) => first.getTime() + i * 7 * DAY);
  return { next, local: next.map((at) => `Sun ${new Date(at).toISOString().slice(0, 10)} 02:00 +01:00`) };
}

export function schedule(id: string, cron: string, reason: string, durationS: number, now: number): Schedule {
  const { next, local } = dates(now);
  return {
    id,
    cron,
    description: 'At 02:00 on Sunday',
    timeZone: 'Europe/Berlin',
    durationS,
    reason,
    createdBy: 'alice',
    matchers: [],
    ahead: 3,
    enabled: true,
    problem: '',
    occurrences: next.map((startsAt, i) => ({
      startsAt,
      endsAt: startsAt + durationS * 1000,
      local: local[i] ?? '',
      window: `${id}-${i}`,
      made: i < 3 && i !== 1,
      cancelled: i === 1,
    })),
  };
}

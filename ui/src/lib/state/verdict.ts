// The headline: "Is everything OK?" in one sentence, as a pure function of the snapshot. Unknown or stale data is never
// called healthy; the worst known problem comes first.
import type { Gauge, Snapshot } from '../contract';
import { suppressed } from '../format/alert';
import { human } from '../format/duration';
import { age } from './freshness';
import { text } from '../text/overview';

export type Tone = 'ok' | 'warn' | 'crit' | 'mute' | 'none';

export interface Verdict {
  tone: Tone;
  answer: string;
  /** Evidence for the answer; may be empty. */
  because: string;
}

function names(gauges: Gauge[]): string {
  const titles = gauges.map((g) => g.spec.title);
  return titles.length > 2 ? text.verdict.others(titles[0] ?? '', titles.length - 1) : text.verdict.list(titles);
}

export function verdict(s: Snapshot, now: number): Verdict {
  const interval = (kind: string): number => s.services.find((x) => x.kind === kind)?.intervalS ?? 30;
  const alerts = age(s.alerts.freshness, now, interval('alertmanager'));
  const prom = s.services.find((x) => x.kind === 'prometheus');
  const metrics = prom ? age(prom.freshness, now, prom.intervalS) : ({ kind: 'absent' } as const);
  const c = s.alerts.counts;
  const of = (level: Gauge['level']): Gauge[] => s.gauges.filter((g) => g.level === level);
  const vip = text.verdict.vip(c.vip);
  const muted = suppressed(c);
  // Muted never means well: it stands beside every other problem.
  const also = muted > 0 ? text.verdict.alsoMuted(muted, c.suppressedCritical) : '';

  if (alerts.kind === 'loading' || metrics.kind === 'loading') {
    return { tone: 'none', answer: text.verdict.loading, because: text.verdict.loadingWhy };
  }
  const blindA = alerts.kind === 'never' || alerts.kind === 'absent';
  const blindM = metrics.kind === 'never' || metrics.kind === 'absent';
  if (blindA && blindM) {
    return { tone: 'none', answer: text.verdict.unknown, because: text.verdict.unknownWhy };
  }
  if (c.critical > 0) {
    return {
      tone: 'crit',
      answer: text.verdict.critical(c.critical),
      because: [c.warning > 0 ? text.verdict.andWarnings(c.warning) : '', vip, also, late(alerts, metrics, now)]
        .filter(Boolean)
        .join(' · '),
    };
  }
  if (of('critical').length > 0) {
    return {
      tone: 'crit',
      answer: text.verdict.unhealthy,
      because: [text.verdict.pastCritical(names(of('critical'))), also, late(alerts, metrics, now)]
        .filter(Boolean)
        .join(' · '),
    };
  }
  if (c.undelivered > 0) {
    return {
      tone: 'crit',
      answer: text.verdict.undelivered,
      because: text.verdict.undeliveredWhy(c.undelivered),
    };
  }
  if (alerts.kind === 'stale' || metrics.kind === 'stale' || blindA || blindM) {
    return { tone: 'warn', answer: text.verdict.uncertain, because: late(alerts, metrics, now) };
  }
  if (c.warning > 0 || of('warn').length > 0) {
    const why = [
      c.warning > 0 ? text.verdict.warnings(c.warning) : '',
      vip,
      of('warn').length > 0 ? text.verdict.offTarget(names(of('warn'))) : '',
      also,
    ];
    return { tone: 'warn', answer: text.verdict.degraded, because: why.filter(Boolean).join(' · ') };
  }
  if (c.pending > 0)
    return {
      tone: 'warn',
      answer: text.verdict.pending,
      because: [text.verdict.pendingWhy(c.pending), also].filter(Boolean).join(' · '),
    };
  if (muted > 0)
    return { tone: 'mute', answer: text.verdict.muted, because: text.verdict.mutedWhy(muted, c.suppressedCritical) };
  if (s.gauges.length > 0 && s.gauges.every((g) => g.state === 'no-traffic')) {
    return { tone: 'none', answer: text.verdict.noTraffic, because: text.verdict.noTrafficWhy };
  }
  // A heartbeat and other informational alerts fire although nothing is wrong.
  const idle = s.gauges.some((g) => g.state === 'no-traffic') ? text.verdict.someIdle : '';
  const targets = s.gauges.length > 0 ? text.verdict.onTarget : '';
  return {
    tone: 'ok',
    answer: text.verdict.healthy,
    because: [idle || targets, text.verdict.noUrgent].filter(Boolean).join(', '),
  };
}

function late(alerts: ReturnType<typeof age>, metrics: ReturnType<typeof age>, now: number): string {
  const problems: string[] = [];
  const report = (name: string, a: ReturnType<typeof age>): void => {
    if (a.kind === 'stale') problems.push(text.verdict.stale(name, human(now - a.at)));
    else if (a.kind === 'never') problems.push(text.verdict.never(name));
    else if (a.kind === 'absent') problems.push(text.verdict.absent(name));
  };
  report('Prometheus', metrics);
  report('Alertmanager', alerts);
  return problems.join(', ');
}

// The headline: "is it all right?" in one sentence, as a pure function of the snapshot. What can't be known is
// never called all right; the worst that is known comes first.
import type { Gauge, Snapshot } from '../contract';
import { human } from '../format/duration';
import { plural } from '../format/number';
import { age } from './freshness';

export type Tone = 'ok' | 'warn' | 'crit' | 'mute' | 'none';

export interface Verdict {
  tone: Tone;
  /** The answer. */
  answer: string;
  /** Why, in a sentence. May be empty. */
  because: string;
}

function names(gauges: Gauge[]): string {
  const titles = gauges.map((g) => g.spec.title);
  return titles.length > 2 ? `${titles[0]} and ${titles.length - 1} others` : titles.join(' and ');
}

export function verdict(s: Snapshot, now: number): Verdict {
  const interval = (kind: string): number => s.services.find((x) => x.kind === kind)?.intervalS ?? 30;
  const alerts = age(s.alerts.freshness, now, interval('alertmanager'));
  const prom = s.services.find((x) => x.kind === 'prometheus');
  const metrics = prom ? age(prom.freshness, now, prom.intervalS) : ({ kind: 'absent' } as const);
  const c = s.alerts.counts;
  const of = (level: Gauge['level']): Gauge[] => s.gauges.filter((g) => g.level === level);
  const vip = c.vip === 1 ? 'a VIP tenant is affected' : c.vip > 0 ? `${plural(c.vip, 'alert')} about VIP tenants` : '';

  if (alerts.kind === 'loading' || metrics.kind === 'loading') {
    return { tone: 'none', answer: 'Looking…', because: 'Waiting for the first answers.' };
  }
  const blindA = alerts.kind === 'never' || alerts.kind === 'absent';
  const blindM = metrics.kind === 'never' || metrics.kind === 'absent';
  if (blindA && blindM) {
    return { tone: 'none', answer: 'Nobody knows', because: 'Neither Prometheus nor Alertmanager has answered yet.' };
  }
  if (c.critical > 0) {
    return {
      tone: 'crit',
      answer: `${plural(c.critical, 'critical alert')}`,
      because: [c.warning > 0 ? `and ${plural(c.warning, 'warning')}` : '', vip, late(alerts, metrics, now)]
        .filter(Boolean)
        .join(' · '),
    };
  }
  if (of('critical').length > 0) {
    return {
      tone: 'crit',
      answer: 'Not all right',
      because: [`${names(of('critical'))} past the critical threshold`, late(alerts, metrics, now)]
        .filter(Boolean)
        .join(' · '),
    };
  }
  if (c.undelivered > 0) {
    return {
      tone: 'crit',
      answer: 'Alerts are not delivered',
      because: `${plural(c.undelivered, 'alert')} firing in Prometheus, unknown to Alertmanager`,
    };
  }
  if (alerts.kind === 'stale' || metrics.kind === 'stale' || blindA || blindM) {
    return { tone: 'warn', answer: 'Can’t be sure', because: late(alerts, metrics, now) };
  }
  if (c.warning > 0 || of('warn').length > 0) {
    const why = [
      c.warning > 0 ? `${plural(c.warning, 'warning')} firing` : '',
      vip,
      of('warn').length > 0 ? `${names(of('warn'))} off target` : '',
    ];
    return { tone: 'warn', answer: 'Degraded', because: why.filter(Boolean).join(' · ') };
  }
  if (c.pending > 0) return { tone: 'warn', answer: 'Watch it', because: `${plural(c.pending, 'alert')} pending` };
  const muted = c.silenced + c.inhibited + c.muted;
  if (muted > 0)
    return { tone: 'mute', answer: 'Quiet, not clear', because: `${plural(muted, 'alert')} firing but muted` };
  if (s.gauges.length > 0 && s.gauges.every((g) => g.state === 'no-traffic')) {
    return { tone: 'none', answer: 'No recent traffic', because: 'Nothing to judge, nothing firing.' };
  }
  // A heartbeat and other notes fire without anything being wrong.
  const idle = s.gauges.some((g) => g.state === 'no-traffic') ? 'some gauges have had no recent traffic' : '';
  const targets = s.gauges.length > 0 ? 'every gauge within target' : '';
  return {
    tone: 'ok',
    answer: 'All right',
    because: [idle || targets, 'nothing urgent is firing'].filter(Boolean).join(', '),
  };
}

function late(alerts: ReturnType<typeof age>, metrics: ReturnType<typeof age>, now: number): string {
  const words: string[] = [];
  const say = (name: string, a: ReturnType<typeof age>): void => {
    if (a.kind === 'stale') words.push(`${name} last answered ${human(now - a.at)} ago`);
    else if (a.kind === 'never') words.push(`${name} has never answered`);
    else if (a.kind === 'absent') words.push(`no ${name} in this stack`);
  };
  say('Prometheus', metrics);
  say('Alertmanager', alerts);
  return words.join(', ');
}

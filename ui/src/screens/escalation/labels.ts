// How an escalation clock stands.
import type { EscalationClock, EscalationRule } from '../../lib/contract';
import { text } from '../../lib/text/escalation';

export const RULE: Record<EscalationRule, string> = text.rules;

/** Nothing is left to do: it was escalated, or a VIP alert was acknowledged. */
export const settled = (clock: EscalationClock): boolean =>
  clock.escalated !== null || (clock.rule === 'vip' && clock.ack !== null);

export type Stage = 'settled' | 'running' | 'due' | 'over';

/** `due`: the contact has to be called now; `over`: the latest time for it has passed. */
export function stage(clock: EscalationClock, now: number): Stage {
  if (settled(clock)) return 'settled';
  if (now < clock.dueAt) return 'running';
  return now < clock.latestAt ? 'due' : 'over';
}

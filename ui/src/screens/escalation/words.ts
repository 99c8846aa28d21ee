// Escalation in words.
import type { EscalationClock, EscalationRule } from '../../lib/contract';

export const RULE: Record<EscalationRule, string> = {
  vip: 'VIP alert',
  health: 'Health too low',
  general: 'Fires for long',
  cost: 'Cost too high',
};

/** Nobody has to be called any more. */
export const settled = (c: EscalationClock): boolean => c.escalated !== null || (c.rule === 'vip' && c.ack !== null);

/** How a clock stands: settled, running, due (somebody has to be called), or over. */
export function stage(c: EscalationClock, now: number): 'settled' | 'running' | 'due' | 'over' {
  if (settled(c)) return 'settled';
  if (now < c.dueAt) return 'running';
  return now < c.latestAt ? 'due' : 'over';
}

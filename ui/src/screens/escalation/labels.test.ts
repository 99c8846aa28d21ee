import { expect, test } from 'vitest';
import type { EscalationClock } from '../../lib/contract';
import { stage } from './labels';

const clock: EscalationClock = {
  id: 'general/a',
  rule: 'general',
  title: 'A',
  tenant: null,
  fingerprint: 'a',
  since: 0,
  dueAt: 60,
  latestAt: 90,
  muted: false,
  contact: { name: 'ops', mail: '', chat: false },
  ack: null,
  escalated: null,
};

test('clock_runs_is_due_then_overdue_and_is_settled_by_an_escalation', () => {
  expect([0, 60, 90].map((now) => stage(clock, now))).toEqual(['running', 'due', 'over']);
  expect(stage({ ...clock, escalated: { by: 'a', note: '', at: 95 } }, 200)).toBe('settled');
});

test('acknowledgment_settles_the_clock_of_a_vip_alert_only', () => {
  const ack = { by: 'a', note: '', at: 1 };
  expect(stage({ ...clock, rule: 'vip', ack }, 200)).toBe('settled');
  expect(stage({ ...clock, ack }, 200)).toBe('over');
});

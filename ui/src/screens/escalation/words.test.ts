import { expect, test } from 'vitest';
import type { EscalationClock } from '../../lib/contract';
import { stage } from './words';

const clock: EscalationClock = {
  id: 'general/a',
  rule: 'general',
  title: 'A',
  tenant: null,
  fingerprint: 'a',
  since: 0,
  dueAt: 60,
  latestAt: 90,
  contact: { name: 'ops', mail: '', chat: false },
  ack: null,
  escalated: null,
};

test('a clock runs, is due, is over, and is settled by a call', () => {
  expect([0, 60, 90].map((now) => stage(clock, now))).toEqual(['running', 'due', 'over']);
  expect(stage({ ...clock, escalated: { by: 'a', note: '', at: 95 } }, 200)).toBe('settled');
});

test('somebody on it settles the clock of a VIP only', () => {
  const ack = { by: 'a', note: '', at: 1 };
  expect(stage({ ...clock, rule: 'vip', ack }, 200)).toBe('settled');
  expect(stage({ ...clock, ack }, 200)).toBe('over');
});

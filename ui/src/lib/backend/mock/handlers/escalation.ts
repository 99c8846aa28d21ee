// SLOs and the escalation clocks that run for alerts nobody has taken.
import type { EscalationCall, EscalationClock, Snapshot } from '../../../contract';
import { fail, unanswered, type Handlers, type MockContext } from '../context';
import { BIDI } from '../data';
import { clocksOf, notFound, sloOf } from '../runbooks';

type EscalationCommand = 'slo_status' | 'escalation_mark' | 'escalation_contact';

/** Clocks that a snapshot carries. */
const SHOWN = 20;

export function escalationCommands(context: MockContext, alertsChanged: () => void) {
  const { scene, openedAt, alerts, gauges } = context;
  const calls = new Map<string, EscalationCall>();
  const clocks = (): EscalationClock[] =>
    clocksOf(alerts, gauges, openedAt, scene).map((c) => ({ ...c, escalated: calls.get(c.id) ?? null }));
  const summary = (): Snapshot['escalations'] => {
    const running = clocks();
    return { clocks: running.slice(0, SHOWN), total: running.length };
  };
  const handlers: Handlers<EscalationCommand> = {
    slo_status: ({ style }) =>
      scene === 'loading'
        ? unanswered()
        : { at: Date.now(), gauges: scene === 'empty' ? [] : gauges.map((g, i) => sloOf(g, i, style, scene)) },
    escalation_mark: ({ id, note }) => {
      const clock = clocks().find((c) => c.id === id);
      if (!clock) throw notFound('This escalation clock has ended.');
      if (note === null) calls.delete(id);
      else calls.set(id, { by: 'alice', note, at: Date.now() });
      const row = alerts.find((r) => r.fingerprint === clock.fingerprint);
      if (row) row.escalated = calls.get(id) ?? null;
      context.publish({ escalations: summary() });
      if (row) alertsChanged();
      return { ...clock, escalated: calls.get(id) ?? null };
    },
    escalation_contact: () => {
      if (scene === 'hostile')
        throw fail(
          'not-found',
          `The profile has no such address for ${BIDI}.`,
          'Set it under [escalation.vip] in the stack’s profile.',
        );
      return {};
    },
  };
  return { handlers, summary };
}

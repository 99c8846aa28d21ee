// Snapshot plus delta, as pure functions. A delta applies on exactly one revision: on anything else the caller
// asks for the whole snapshot again, so that the window can never show a mixture of two states.
import type { Gauge, Snapshot, SnapshotDelta } from '../contract';

export type Applied = { kind: 'applied'; snapshot: Snapshot } | { kind: 'old' } | { kind: 'gap' };

/** What `delta` makes of `snapshot`. Parts that did not change keep their identity, so nothing repaints for them. */
export function apply(snapshot: Snapshot, delta: SnapshotDelta): Applied {
  if (delta.revision <= snapshot.revision) return { kind: 'old' };
  if (delta.base !== snapshot.revision) return { kind: 'gap' };
  return {
    kind: 'applied',
    snapshot: {
      revision: delta.revision,
      at: delta.at,
      stacks: delta.stacks ?? snapshot.stacks,
      services: delta.services ?? snapshot.services,
      gauges: gauges(snapshot.gauges, delta),
      alerts: delta.alerts ?? snapshot.alerts,
      maintenance: delta.maintenance ?? snapshot.maintenance,
      backups: delta.backups ?? snapshot.backups,
      checks: delta.checks ?? snapshot.checks,
      drill: delta.drill ?? snapshot.drill,
      pins: delta.pins ?? snapshot.pins,
      escalations: delta.escalations ?? snapshot.escalations,
      banners: delta.banners ?? snapshot.banners,
      settings: delta.settings ?? snapshot.settings,
    },
  };
}

function gauges(old: Gauge[], delta: SnapshotDelta): Gauge[] {
  if (!delta.gauges) return old;
  if (delta.gaugesReplaced) return delta.gauges;
  const changed = new Map(delta.gauges.map((g) => [g.spec.id, g]));
  return old.map((g) => changed.get(g.spec.id) ?? g);
}

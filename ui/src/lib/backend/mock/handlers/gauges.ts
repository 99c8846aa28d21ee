// The gauges of the Overview: a figure over time and the values of the tenants.
import type { Gauge } from '../../../contract';
import { required, type Handlers, type MockContext } from '../context';
import { refused, tenants } from '../data';
import { draw } from '../draw';

export function gaugeCommands({ scene, gauges }: MockContext): Handlers<'gauge_figure' | 'gauge_tenants'> {
  const byId = (id: string): Gauge =>
    required(
      gauges.find((g) => g.spec.id === id),
      'No gauge has this ID.',
    );
  return {
    gauge_figure: ({ id, hours, style }) => {
      const gauge = byId(id);
      if (scene === 'stale' || scene === 'never') throw refused('Prometheus', 9090);
      return draw(gauge.spec, gauge.value ?? 40, hours, style, scene === 'hostile');
    },
    gauge_tenants: ({ id, search, offset, limit }) => {
      const gauge = byId(id);
      const matching =
        gauge.tenants.length === 0
          ? []
          : tenants(scene, gauge.spec, gauge.value ?? 0).filter((t) => t.tenant.includes(search));
      return { rows: matching.slice(offset, offset + limit), total: matching.length };
    },
  };
}

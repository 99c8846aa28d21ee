// The Alerts screen: the list, one alert, its history, acknowledgments and the export.
import type { AlertDetail, AlertRow, Gauge, Silence, Snapshot, TenantContext } from '../../../contract';
import { countAlerts, groupAlerts, matchesFilter, tally } from '../alert-filter';
import { fail, required, type Handlers, type MockContext } from '../context';
import { draw } from '../draw';
import { pastAlerts } from '../history';
import { replay } from '../recorded';

const REMOVED = 'This alert is no longer in the list.';

type AlertCommand = 'alerts_page' | 'alert_detail' | 'alerts_export' | 'alert_acknowledge' | 'alert_history';

export function alertCommands(context: MockContext, silences: () => Silence[]) {
  const { scene, query, drill, alerts } = context;
  let revision = 1;
  const summary = (): Snapshot['alerts'] => ({
    freshness: context.freshness('alertmanager'),
    pendingFreshness: context.freshness('prometheus'),
    counts: countAlerts(alerts),
    top: alerts.filter((r) => r.state !== 'resolved').slice(0, 8),
    revision,
  });
  /** Publishes that rows have changed. */
  const changed = (): void => {
    revision += 1;
    context.publish({ alerts: summary() });
  };
  const byFingerprint = (fingerprint: string): AlertRow =>
    required(
      alerts.find((r) => r.fingerprint === fingerprint),
      REMOVED,
    );
  const tenantContext = (row: AlertRow): TenantContext | null =>
    row.tenant === null
      ? null
      : {
          label: 'tenant_id',
          tenant: row.tenant,
          vip: row.vip,
          alerts: countAlerts(alerts.filter((r) => r.tenant === row.tenant)),
          gauges: context.gauges
            .filter((g) => g.tenants[0] !== undefined)
            .map((g) => ({
              spec: g.spec,
              value: { ...(g.tenants[0] as Gauge['tenants'][number]), tenant: row.tenant ?? '', vip: row.vip },
            })),
        };

  const handlers: Handlers<AlertCommand> = {
    alerts_page: (request) => {
      const filtered = alerts.filter(
        (r) =>
          matchesFilter(r, request.filter) &&
          (request.severities.length === 0 || request.severities.includes(r.severity)) &&
          (request.receivers.length === 0 || r.receivers.some((name) => request.receivers.includes(name))),
      );
      const listed = filtered.filter((r) =>
        request.states.length === 0 ? r.state !== 'resolved' : request.states.includes(r.state),
      );
      if (request.sort === 'name') listed.sort((a, b) => a.name.localeCompare(b.name));
      if (request.sort === 'since') listed.sort((a, b) => a.since - b.since);
      if (request.descending) listed.reverse();
      const groups = groupAlerts(listed, request.groupBy);
      const facets = request.facets.map((label) => {
        const values = tally(listed.flatMap((r) => (label === '@receiver' ? r.receivers : (r.labels[label] ?? []))));
        return { label, values: values.slice(0, 50), distinct: values.length };
      });
      return {
        rows: listed.slice(request.offset, request.offset + request.limit),
        total: listed.length,
        counts: countAlerts(filtered),
        groups: groups.slice(0, 1000),
        groupsTotal: groups.length,
        facets,
        labelNames: request.labelNames ? tally(listed.flatMap((r) => Object.keys(r.labels))) : [],
        freshness: context.freshness('alertmanager'),
        pendingFreshness: context.freshness('prometheus'),
      };
    },
    alert_detail: ({ fingerprint, hours, style }): AlertDetail => {
      const row = byFingerprint(fingerprint);
      const gauge = context.gauges[0];
      const silencedBefore = silences()
        .filter((s) => s.state === 'expired')
        .slice(0, 3);
      if (!gauge || scene === 'stale' || scene === 'never')
        return { ...replay('alert_detail', 'unreachable'), silencedBefore };
      const detail = replay('alert_detail');
      const threshold = detail.rule?.threshold ?? 0;
      return {
        ...detail,
        figure: draw(
          { ...gauge.spec, warn: threshold, critical: threshold },
          Math.min(row.value ?? 20, 1e6),
          hours,
          style,
          scene === 'hostile',
        ),
        silencedBefore,
        tenant: tenantContext(row),
      };
    },
    alerts_export: ({ list, format }) => {
      if (query.get('disk') === 'full')
        throw fail('storage', 'Could not write to /home/alice/Downloads.', 'Free disk space and try again.');
      return {
        path: `/home/alice/Downloads/alerts_2026-11-24_10-00-00.${format}`,
        rows: alerts.filter((r) => r.state !== 'resolved' && matchesFilter(r, list.filter)).length,
      };
    },
    alert_acknowledge: ({ fingerprint, note }) => {
      const row = byFingerprint(fingerprint);
      if (note !== null) drill.did('acknowledge');
      row.ack = note === null ? null : { by: 'alice', note, at: Date.now() };
      changed();
      return row;
    },
    alert_history: (request) => pastAlerts(scene, alerts, request, Date.now(), matchesFilter),
  };
  return { handlers, summary, changed };
}

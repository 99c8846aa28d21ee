// Maintenance windows that can be started, extended and ended, and the silences behind them.
import type { MaintenanceStatus, MaintenanceWindow, Settings, Silence } from '../../../contract';
import { countAlerts } from '../alert-filter';
import { silences as madeUpSilences } from '../alerts';
import { fail, pause, required, type Handlers, type MockContext } from '../context';
import { BIDI } from '../data';
import { closeOut, pastWindows } from '../maintenance';
import { replay } from '../recorded';

type MaintenanceCommand =
  | 'maintenance_preview'
  | 'maintenance_start'
  | 'maintenance_extend'
  | 'maintenance_repair'
  | 'maintenance_end'
  | 'maintenance_closeout'
  | 'maintenance_history'
  | 'maintenance_export'
  | 'silences_page';

const DAY = 86_400_000;
const REMOVED = 'This stack has no maintenance window with this ID.';
const MEMBERS = ['http://am-0:9093', 'http://am-1:9093', 'http://am-2:9093'].map((url) => ({
  url,
  state: 'active' as const,
  error: '',
}));

export function maintenanceCommands(context: MockContext, settings: () => Settings) {
  const { scene, query, openedAt, alerts, drill } = context;
  let silences = madeUpSilences(scene, openedAt);
  let windows: MaintenanceWindow[] = [];
  const matchers = silences[1]?.matchers ?? [{ name: 'alertname', value: '.+', isRegex: true, isEqual: true }];
  const verifiedWindow = (reason: string, by: string, durationS: number, at: number): MaintenanceWindow => ({
    id: `w-${windows.length + 1}-${at}`,
    silenceId: `5f0e6d1c-${at}`,
    phase: 'verified',
    reason,
    createdBy: by,
    startsAt: at,
    endsAt: at + durationS * 1000,
    matchers,
    members: MEMBERS,
    mutes: 7,
    matchesNothing: false,
    closest: [],
    clockOffsetMs: 40,
  });
  if (query.get('window') === 'on')
    windows = [
      verifiedWindow(
        scene === 'hostile' ? (alerts[0]?.name.repeat(20) ?? 'x') : 'Deploy v2.3.0',
        'alice',
        30 * 60,
        openedAt - 350_000,
      ),
    ];
  if (query.get('planned') === 'on')
    windows = [
      ...windows,
      ...[1, 2].map((days) => ({
        ...verifiedWindow('Weekly database upgrade', 'alice', 1800, openedAt + days * DAY),
        id: `later-${days}`,
        phase: 'scheduled' as const,
        mutes: 0,
        members: MEMBERS.map((m) => ({ ...m, state: 'pending' as const })),
      })),
    ];

  const activeSilences = (): Silence[] => silences.filter((s) => s.state === 'active');
  const status = (): MaintenanceStatus => ({
    freshness: context.freshness('alertmanager'),
    windows,
    otherSilences: activeSilences().length,
    revision: context.revision(),
    maxDurationS: settings().maxWindowMinutes * 60,
    heartbeat: 'Watchdog',
    defaultAuthor: 'alice',
    openToPages: scene === 'loaded' ? ['http://am-0:9093'] : [],
    findings:
      scene === 'loaded' || scene === 'hostile'
        ? [
            {
              silenceId: activeSilences()[0]?.id ?? '',
              risk: 'broad',
              text: 'It mutes every alert, whatever its name.',
              createdBy: scene === 'hostile' ? BIDI : 'carol',
              endsAt: Date.now() + 7_200_000,
            },
          ]
        : [],
  });
  const show = (next: MaintenanceWindow[]): void => {
    windows = next;
    context.publish({ maintenance: status() });
  };
  const byId = (id: string): MaintenanceWindow =>
    required(
      windows.find((w) => w.id === id),
      REMOVED,
    );

  const handlers: Handlers<MaintenanceCommand> = {
    maintenance_preview: ({ durationS }) => {
      const preview = replay('maintenance_preview');
      return {
        ...preview,
        mutes: alerts.filter((r) => r.state === 'firing').length,
        mutesCritical: countAlerts(alerts).critical,
        already: activeSilences(),
        matchers,
        warnings: durationS > 7200 ? preview.warnings : [],
        endsAt: Date.now() + durationS * 1000,
      };
    },
    maintenance_start: async ({ reason, createdBy, durationS }) => {
      const verified = verifiedWindow(reason, createdBy || 'alice', durationS, Date.now());
      for (const phase of ['asked', 'accepted'] as const) {
        show([{ ...verified, phase, silenceId: phase === 'asked' ? '' : verified.silenceId, members: [] }]);
        await pause(context.stepMs(250));
      }
      if (reason === 'fail') {
        show([]);
        throw fail(
          'unverified',
          'Alertmanager accepted the silence, but two of three members do not have it.',
          'Check the members; the silence may still be replicated.',
        );
      }
      silences = [
        {
          id: verified.silenceId,
          matchers,
          state: 'active',
          startsAt: verified.startsAt,
          endsAt: verified.endsAt,
          updatedAt: verified.startsAt,
          createdBy: verified.createdBy,
          comment: reason,
          window: verified.id,
          mutes: 7,
          members: 3,
          membersOf: 3,
        },
        ...silences,
      ];
      show([verified]);
      return verified;
    },
    maintenance_extend: ({ id, addS }) => {
      show(windows.map((w) => (w.id === id ? { ...w, endsAt: w.endsAt + addS * 1000 } : w)));
      return byId(id);
    },
    maintenance_repair: ({ id }) => {
      show(windows.map((w) => (w.id === id ? { ...w, phase: 'verified', members: MEMBERS } : w)));
      return byId(id);
    },
    maintenance_end: async ({ id }) => {
      await pause(200);
      drill.did('end-silence');
      const silenceId = windows.find((w) => w.id === id)?.silenceId;
      silences = silences.map((s) =>
        s.id === id || s.id === silenceId ? { ...s, state: 'expired', endsAt: Date.now() } : s,
      );
      show(windows.filter((w) => w.id !== id));
      return {
        silence: required(silences[0], 'There is no such silence.'),
        stillSilencing: activeSilences(),
        members: MEMBERS.map((m) => ({ ...m, state: 'expired' })),
      };
    },
    maintenance_closeout: ({ id }) =>
      closeOut(
        id,
        windows.find((w) => w.id === id),
        silences,
        Date.now(),
        scene === 'hostile' ? BIDI.repeat(30) : '',
      ),
    maintenance_history: ({ search, offset, limit }) => {
      const past =
        scene === 'empty'
          ? []
          : pastWindows(Date.now(), scene === 'hostile' ? BIDI : '').filter((w) =>
              w.reason.toLowerCase().includes(search.toLowerCase()),
            );
      return { rows: past.slice(offset, offset + limit), total: past.length };
    },
    maintenance_export: ({ format }) => ({
      path: `/home/alice/Downloads/maintenance_2026-11-24_10-00-00.${format}`,
      rows: 23,
    }),
    silences_page: ({ states, search, offset, limit }) => {
      const matching = silences.filter(
        (s) =>
          (states.length === 0 || states.includes(s.state)) &&
          `${s.id} ${s.comment} ${s.createdBy}`.toLowerCase().includes(search.toLowerCase()),
      );
      return {
        rows: matching.slice(offset, offset + limit),
        total: matching.length,
        freshness: context.freshness('alertmanager'),
      };
    },
  };
  return { handlers, status, silences: (): Silence[] => silences };
}

// Maintenance windows that can be started, extended and ended, and the silences behind them.
import type { MaintenanceStatus, MaintenanceWindow, Quiet, Settings, Silence } from '../../../contract';
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
  | 'maintenance_end_preview'
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
    quietAnyway: 0,
    maintenance: true,
    matchesNothing: false,
    closest: [],
    lastSeen: null,
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
  if (query.get('window') === 'two')
    windows = [
      verifiedWindow('Deploy v2.3.0', 'alice', 30 * 60, openedAt - 350_000),
      verifiedWindow('Switch replacement', 'bob', 60 * 60, openedAt - 120_000),
    ];
  if (query.get('window') === 'unseen')
    windows = [
      {
        ...verifiedWindow('Deploy v2.3.0', 'alice', 30 * 60, openedAt - 350_000),
        phase: 'unconfirmed',
        lastSeen: openedAt - 60_000,
        members: MEMBERS.map((m) => ({ ...m, state: null, error: 'Connection refused.' })),
      },
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
  const quiet = (): Quiet => {
    const now = Date.now();
    const on = windows.filter((w) => w.startsAt <= now && w.endsAt > now).sort((a, b) => b.endsAt - a.endsAt);
    const others = activeSilences().filter((s) => s.window === null);
    return {
      windows: on.length,
      everything: on.length > 0,
      until: on[0]?.endsAt ?? null,
      last: on[0]?.id ?? null,
      silences: others.length,
      silencesUntil: others.length > 0 ? Math.max(...others.map((s) => s.endsAt)) : null,
      silenced: others.reduce((sum, s) => sum + s.mutes, 0),
    };
  };
  const status = (): MaintenanceStatus => ({
    freshness: context.freshness('alertmanager'),
    windows,
    otherSilences: activeSilences().length,
    quiet: quiet(),
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
          quietAnyway: 0,
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
    maintenance_end_preview: ({ ids }) => {
      const meant = windows.filter((w) => ids.includes(w.id));
      const left = windows.filter((w) => !ids.includes(w.id) && w.startsAt <= Date.now());
      const muted = meant.reduce((most, w) => Math.max(most, w.mutes), 0);
      return {
        at: Date.now(),
        unmutes: left.length > 0 ? 0 : muted,
        unmutesCritical: left.length > 0 ? 0 : Math.min(1, muted),
        stillSilenced: left.length > 0 ? muted : 0,
        stillUntil: left[0]?.endsAt ?? null,
        quietAnyway: 0,
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

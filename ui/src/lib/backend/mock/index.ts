// The window on made-up data: `?scene=loaded|calm|empty|stale|never|loading|hostile|idle|huge|first`, `&window=on`, `&drill=on|quiet|none`, `&theme=`.
import type { Backend } from '../index';
import { mockContext, pause, type Handlers } from './context';
import { services } from './data';
import { alertCommands } from './handlers/alerts';
import { backupCommands } from './handlers/backups';
import { checkCommands } from './handlers/checks';
import { deployCommands } from './handlers/deploys';
import { escalationCommands } from './handlers/escalation';
import { gaugeCommands } from './handlers/gauges';
import { maintenanceCommands } from './handlers/maintenance';
import { panelCommands } from './handlers/panel';
import { pinCommands } from './handlers/pins';
import { remoteBackupCommands } from './handlers/remote-backups';
import { restoreCommands } from './handlers/restores';
import { ruleCommands } from './handlers/rules';
import { runbookCommands } from './handlers/runbooks';
import { scheduleCommands } from './handlers/schedules';
import { secretCommands } from './handlers/secrets';
import { settingsCommands } from './handlers/settings';
import { stackCommands } from './handlers/stacks';

/** A word that no production bundle may hold. */
export const MARK = 'aether-mock-backend-mark';

/** How often the polls of a panel report, in milliseconds. */
const POLL_MS = 5000;

export function mockBackend(): Backend {
  document.documentElement.dataset.mock = MARK;
  const context = mockContext(new URLSearchParams(location.search));
  const settings = settingsCommands(context);
  const stacks = stackCommands(context);
  const maintenance = maintenanceCommands(context, settings.current);
  const alerts = alertCommands(context, maintenance.silences);
  const backups = backupCommands(context);
  const checks = checkCommands(context);
  const escalation = escalationCommands(context, alerts.changed);
  const panel = panelCommands(context, {
    stacks: stacks.current,
    alerts: alerts.summary,
    maintenance: maintenance.status,
    backups: backups.summary,
    checks: checks.summary,
    escalations: escalation.summary,
    settings: settings.current,
  });
  const handlers: Handlers = {
    ...panel,
    ...settings.handlers,
    ...stacks.handlers,
    ...secretCommands(context),
    ...gaugeCommands(context),
    ...alerts.handlers,
    ...maintenance.handlers,
    ...scheduleCommands(context),
    ...backups.handlers,
    ...remoteBackupCommands(context, backups.store),
    ...restoreCommands(context, backups.store),
    ...deployCommands(context),
    ...checks.handlers,
    ...pinCommands(context),
    ...ruleCommands(context),
    ...runbookCommands(context),
    ...escalation.handlers,
    ...context.drill.handlers,
  };
  if (context.scene !== 'stale')
    setInterval(
      () =>
        context.publish({
          services: services(context.scene, Date.now()),
          gauges: context.gauges.map((g) => ({ ...g, freshness: context.freshness('prometheus') })),
          alerts: alerts.summary(),
          maintenance: maintenance.status(),
        }),
      POLL_MS,
    );
  return {
    async call(name, request) {
      await pause(30);
      const handler: Handlers[typeof name] = handlers[name];
      return structuredClone(await handler(request));
    },
    subscribe(onEvent, onConnection) {
      const unsubscribe = context.subscribe(onEvent);
      queueMicrotask(() => onConnection?.('open'));
      return unsubscribe;
    },
  };
}

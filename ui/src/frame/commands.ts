// Every command of the palette and every single-key shortcut. The list is built from the snapshot each time it is
// shown, so it never offers what does not exist.
import type { Theme } from '../lib/contract';
import { currentWindow, extend, openLink, refresh, saveSettings, selectStack } from '../lib/state/actions';
import { drills } from '../lib/state/drills.svelte';
import { panel } from '../lib/state/panel.svelte';
import { focusFilter } from '../lib/keyboard/lists';
import { suppressed } from '../lib/format/alert';
import { safe } from '../lib/format/untrusted';
import { ui } from '../lib/state/ui.svelte';
import { text } from '../lib/text/frame';
import type { Command } from './search';

export function commands(): Command[] {
  const s = panel.snapshot;
  const list: Command[] = [
    {
      id: 'go-overview',
      group: text.commands.group.go,
      title: text.nav.screens.overview,
      icon: 'gauge',
      keys: ['g', 'o'],
      run: () => ui.go('overview'),
    },
    {
      id: 'go-alerts',
      group: text.commands.group.go,
      title: text.nav.screens.alerts,
      icon: 'bell',
      keys: ['g', 'a'],
      run: () => ui.go('alerts'),
    },
    {
      id: 'go-maintenance',
      group: text.commands.group.go,
      title: text.nav.screens.maintenance,
      icon: 'wrench',
      keys: ['g', 'm'],
      keywords: 'silences',
      run: () => ui.go('maintenance'),
    },
    {
      id: 'go-backups',
      group: text.commands.group.go,
      title: text.nav.screens.backups,
      icon: 'archive',
      keys: ['g', 'b'],
      keywords: 'restore dashboards snapshot',
      run: () => ui.go('backups'),
    },
    {
      id: 'go-versions',
      group: text.commands.group.go,
      title: text.nav.screens.versions,
      icon: 'pin',
      keys: ['g', 'v'],
      keywords: 'pins images compose docker drift advisories',
      run: () => ui.go('versions'),
    },
    {
      id: 'go-rules',
      group: text.commands.group.go,
      title: text.nav.screens.rules,
      icon: 'rules',
      keys: ['g', 'r'],
      keywords: 'guards lint recording alerts promql',
      run: () => ui.go('rules'),
    },
    {
      id: 'go-slos',
      group: text.commands.group.go,
      title: text.nav.screens.slos,
      icon: 'gauge',
      keys: ['g', 'l'],
      keywords: 'slo status compliance targets service level objectives',
      run: () => ui.go('slos'),
    },
    {
      id: 'go-runbooks',
      group: text.commands.group.go,
      title: text.nav.screens.runbooks,
      icon: 'book',
      keys: ['g', 'k'],
      keywords: 'on call incident triage slo guide post-mortem',
      run: () => ui.go('runbooks'),
    },
    {
      id: 'training',
      group: text.commands.group.go,
      title: text.commands.training,
      icon: 'cap',
      keys: ['g', 't'],
      keywords: 'checklist exercise new on call person report',
      run: () => ui.go('runbooks', 'training'),
    },
    {
      id: 'go-checks',
      group: text.commands.group.go,
      title: text.nav.screens.checks,
      icon: 'checks',
      keys: ['g', 'c'],
      keywords: 'quick preprod sanity after deploy',
      run: () => ui.go('checks'),
    },
    {
      id: 'go-settings',
      group: text.commands.group.go,
      title: text.nav.screens.settings,
      icon: 'gear',
      keys: ['g', 's'],
      keywords: 'stacks endpoints',
      run: () => ui.go('settings'),
    },
    {
      id: 'deploy',
      group: text.commands.group.maintenance,
      title: text.commands.deploy,
      icon: 'up',
      keywords: 'guided release checks begin',
      run: () => ui.deploy(null),
    },
    {
      id: 'backup-create',
      group: text.commands.group.backups,
      title: text.commands.backup,
      icon: 'archive',
      keys: ['b'],
      keywords: 'save snapshot',
      run: () => (ui.dialog = { kind: 'backup-create' }),
    },
    {
      id: 'maintenance-start',
      group: text.commands.group.maintenance,
      title: text.commands.startWindow,
      icon: 'muted',
      keys: ['m'],
      keywords: 'silence mute',
      run: () => ui.silence(),
    },
  ];
  const drill = s?.drill;
  if (drill?.running) {
    const id = drill.running.id;
    if (drills.noticed !== id)
      list.push({
        id: 'drill-notice',
        group: text.commands.group.drill,
        title: text.commands.notice,
        icon: 'check',
        keywords: 'drill notice',
        run: () => void drills.notice(id),
      });
    list.push({
      id: 'drill-end',
      group: text.commands.group.drill,
      title: text.commands.endDrill,
      icon: 'flag',
      keywords: 'stop abort give up',
      run: () => (ui.dialog = { kind: 'drill-end' }),
    });
  } else if (drill?.offered)
    list.push({
      id: 'drill-start',
      group: text.commands.group.drill,
      title: text.commands.startDrill,
      icon: 'flag',
      keywords: 'exercise surprise training',
      run: () => ui.startDrill(null),
    });
  const current = currentWindow();
  if (current) {
    list.push(
      {
        id: 'maintenance-extend',
        group: text.commands.group.maintenance,
        title: text.commands.extendWindow,
        icon: 'plus',
        run: () => void extend(current.id, 900),
      },
      {
        id: 'maintenance-end',
        group: text.commands.group.maintenance,
        title: text.commands.endWindow,
        icon: 'bell',
        keywords: 'stop silence',
        run: () => ui.askEnd(current.id),
      },
    );
  }
  list.push(
    {
      id: 'alerts-critical',
      group: text.commands.group.alerts,
      title: text.commands.criticalAlerts,
      icon: 'crit',
      run: () => ui.showAlerts({ severities: ['critical'] }),
    },
    {
      id: 'alerts-pending',
      group: text.commands.group.alerts,
      title: text.commands.pendingAlerts,
      icon: 'clock',
      run: () => ui.showAlerts({ states: ['pending'] }),
    },
    {
      id: 'alerts-muted',
      group: text.commands.group.alerts,
      title: text.commands.mutedAlerts(s ? suppressed(s.alerts.counts) : 0, s?.alerts.counts.suppressedCritical ?? 0),
      icon: 'muted',
      keywords: 'silenced inhibited time interval',
      run: () => ui.showAlerts({ states: ['silenced', 'inhibited', 'muted'] }),
    },
    {
      id: 'alerts-silenced',
      group: text.commands.group.alerts,
      title: text.commands.silencedAlerts,
      icon: 'muted',
      run: () => ui.showAlerts({ states: ['silenced'] }),
    },
  );
  for (const f of s?.settings.savedFilters ?? [])
    list.push({
      id: `saved-${f.name}`,
      group: text.commands.group.alerts,
      title: text.commands.savedList(safe(f.name, 60)),
      icon: 'star',
      keywords: 'saved list filter',
      run: () => ui.showAlerts(f),
    });
  for (const g of s?.gauges ?? []) {
    list.push({
      id: `gauge-${g.spec.id}`,
      group: text.commands.group.gauges,
      title: g.spec.title,
      icon: 'gauge',
      keywords: 'gauge tenants history',
      run: () => ui.go('overview', g.spec.id),
    });
  }
  for (const stack of s?.stacks.stacks ?? []) {
    if (stack.name !== s?.stacks.active) {
      list.push({
        id: `stack-${stack.name}`,
        group: text.commands.group.stack,
        title: text.commands.switchTo(stack.name),
        icon: 'stack',
        run: () => void selectStack(stack.name),
      });
    }
  }
  for (const service of s?.services ?? []) {
    if (service.webUrl)
      list.push({
        id: `open-${service.kind}`,
        group: text.commands.group.stack,
        title: text.commands.open(service.title),
        icon: 'external',
        run: () => void openLink(service.webUrl),
      });
  }
  list.push({
    id: 'refresh',
    group: text.commands.group.panel,
    title: text.commands.refresh,
    icon: 'refresh',
    keywords: 'reload poll ask now',
    run: () => void refresh(),
  });
  const themes: [Theme, string][] = [
    ['dark', text.commands.darkTheme],
    ['light', text.commands.lightTheme],
    ['system', text.commands.systemTheme],
  ];
  for (const [theme, title] of themes)
    list.push({
      id: `theme-${theme}`,
      group: text.commands.group.panel,
      title,
      icon: 'gear',
      run: () => void saveSettings({ theme }),
    });
  list.push(
    {
      id: 'search',
      group: text.commands.group.panel,
      title: text.commands.search,
      icon: 'search',
      keys: ['/'],
      run: () => void focusFilter(),
    },
    {
      id: 'shortcuts',
      group: text.commands.group.panel,
      title: text.commands.shortcuts,
      icon: 'info',
      keys: ['?'],
      keywords: 'help keys',
      run: () => (ui.dialog = { kind: 'shortcuts' }),
    },
  );
  return list;
}

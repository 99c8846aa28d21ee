// Every command that the palette offers and every key that runs one. The list is made anew from the snapshot each
// time it is shown, so it never offers what is not there.
import type { Theme } from '../lib/contract';
import type { IconName } from '../lib/components/Icon.svelte';
import { currentWindow, extend, openLink, refresh, saveSettings, selectStack } from '../lib/state/actions';
import { drills } from '../lib/state/drills.svelte';
import { panel } from '../lib/state/panel.svelte';
import { safe } from '../lib/format/untrusted';
import { ui } from '../lib/state/ui.svelte';

export interface Command {
  id: string;
  group: 'Go to' | 'Drill' | 'Maintenance' | 'Backups' | 'Alerts' | 'Gauges' | 'Stack' | 'Panel';
  title: string;
  icon: IconName;
  /** Keys that run it, in order. */
  keys?: string[];
  /** More words that find it. */
  words?: string;
  run: () => void;
}

export function commands(): Command[] {
  const s = panel.snapshot;
  const list: Command[] = [
    {
      id: 'go-overview',
      group: 'Go to',
      title: 'Overview',
      icon: 'gauge',
      keys: ['g', 'o'],
      run: () => ui.go('overview'),
    },
    { id: 'go-alerts', group: 'Go to', title: 'Alerts', icon: 'bell', keys: ['g', 'a'], run: () => ui.go('alerts') },
    {
      id: 'go-maintenance',
      group: 'Go to',
      title: 'Maintenance',
      icon: 'wrench',
      keys: ['g', 'm'],
      words: 'silences',
      run: () => ui.go('maintenance'),
    },
    {
      id: 'go-backups',
      group: 'Go to',
      title: 'Backups',
      icon: 'archive',
      keys: ['g', 'b'],
      words: 'restore dashboards snapshot',
      run: () => ui.go('backups'),
    },
    {
      id: 'go-versions',
      group: 'Go to',
      title: 'Versions',
      icon: 'pin',
      keys: ['g', 'v'],
      words: 'pins images compose docker drift advisories',
      run: () => ui.go('versions'),
    },
    {
      id: 'go-rules',
      group: 'Go to',
      title: 'Rules',
      icon: 'rules',
      keys: ['g', 'r'],
      words: 'guards lint recording alerts promql',
      run: () => ui.go('rules'),
    },
    {
      id: 'go-runbooks',
      group: 'Go to',
      title: 'Runbooks',
      icon: 'book',
      keys: ['g', 'k'],
      words: 'on call incident triage slo guide post-mortem',
      run: () => ui.go('runbooks'),
    },
    {
      id: 'slo-status',
      group: 'Go to',
      title: 'SLO status',
      icon: 'gauge',
      words: 'compliance targets service level',
      run: () => ui.go('runbooks', 'slo-status'),
    },
    {
      id: 'training',
      group: 'Go to',
      title: 'Training and drills',
      icon: 'cap',
      keys: ['g', 't'],
      words: 'checklist exercise new on call person report',
      run: () => ui.go('runbooks', 'training'),
    },
    {
      id: 'go-checks',
      group: 'Go to',
      title: 'Checks',
      icon: 'checks',
      keys: ['g', 'c'],
      words: 'quick preprod sanity after deploy',
      run: () => ui.go('checks'),
    },
    {
      id: 'go-settings',
      group: 'Go to',
      title: 'Settings',
      icon: 'gear',
      keys: ['g', 's'],
      words: 'stacks endpoints',
      run: () => ui.go('settings'),
    },
    {
      id: 'deploy',
      group: 'Maintenance',
      title: 'Begin a deploy…',
      icon: 'up',
      words: 'guided release checks',
      run: () => ui.deploy(null),
    },
    {
      id: 'backup-create',
      group: 'Backups',
      title: 'Back up now…',
      icon: 'archive',
      keys: ['b'],
      words: 'save snapshot',
      run: () => (ui.dialog = { kind: 'backup-create' }),
    },
    {
      id: 'maintenance-start',
      group: 'Maintenance',
      title: 'Start a maintenance window…',
      icon: 'muted',
      keys: ['m'],
      words: 'silence mute',
      run: () => ui.silence(),
    },
  ];
  const drill = s?.drill;
  if (drill?.running) {
    const id = drill.running.id;
    if (drills.seen !== id)
      list.push({
        id: 'drill-notice',
        group: 'Drill',
        title: 'I have seen it',
        icon: 'check',
        words: 'drill notice',
        run: () => void drills.notice(id),
      });
    list.push({
      id: 'drill-end',
      group: 'Drill',
      title: 'End the drill…',
      icon: 'flag',
      words: 'stop give up',
      run: () => (ui.dialog = { kind: 'drill-end' }),
    });
  } else if (drill?.offered)
    list.push({
      id: 'drill-start',
      group: 'Drill',
      title: 'Start a drill…',
      icon: 'flag',
      words: 'exercise surprise training',
      run: () => ui.startDrill(null),
    });
  const current = currentWindow();
  if (current) {
    list.push(
      {
        id: 'maintenance-extend',
        group: 'Maintenance',
        title: 'Extend the window by 15 min',
        icon: 'plus',
        run: () => void extend(current.id, 900),
      },
      {
        id: 'maintenance-end',
        group: 'Maintenance',
        title: 'End the window…',
        icon: 'bell',
        words: 'stop silence',
        run: () => ui.askEnd(current.id),
      },
    );
  }
  list.push(
    {
      id: 'alerts-critical',
      group: 'Alerts',
      title: 'Show critical alerts',
      icon: 'crit',
      run: () => ui.showAlerts({ severities: ['critical'] }),
    },
    {
      id: 'alerts-pending',
      group: 'Alerts',
      title: 'Show pending alerts',
      icon: 'clock',
      run: () => ui.showAlerts({ states: ['pending'] }),
    },
    {
      id: 'alerts-silenced',
      group: 'Alerts',
      title: 'Show silenced alerts',
      icon: 'muted',
      run: () => ui.showAlerts({ states: ['silenced'] }),
    },
  );
  for (const a of (s?.alerts.top ?? []).filter((x) => x.state === 'firing'))
    list.push({
      id: `runbook-${a.fingerprint}`,
      group: 'Alerts',
      title: `Runbook of ${safe(a.name, 60)}${a.tenant === null ? '' : `, ${safe(a.tenant, 40)}`}`,
      icon: 'book',
      words: 'diagnosis triage',
      run: () => ui.go('runbooks', `@${a.fingerprint}`),
    });
  for (const f of s?.settings.savedFilters ?? [])
    list.push({
      id: `saved-${f.name}`,
      group: 'Alerts',
      title: `Show “${safe(f.name, 60)}”`,
      icon: 'star',
      words: 'saved list filter',
      run: () => ui.showAlerts(f),
    });
  for (const g of s?.gauges ?? []) {
    list.push({
      id: `gauge-${g.spec.id}`,
      group: 'Gauges',
      title: g.spec.title,
      icon: 'gauge',
      words: 'gauge tenants history',
      run: () => ui.go('overview', g.spec.id),
    });
  }
  for (const stack of s?.stacks.stacks ?? []) {
    if (stack.name !== s?.stacks.active) {
      list.push({
        id: `stack-${stack.name}`,
        group: 'Stack',
        title: `Switch to ${stack.name}`,
        icon: 'stack',
        run: () => void selectStack(stack.name),
      });
    }
  }
  for (const service of s?.services ?? []) {
    if (service.webUrl)
      list.push({
        id: `open-${service.kind}`,
        group: 'Stack',
        title: `Open ${service.title} in the browser`,
        icon: 'external',
        run: () => void openLink(service.webUrl),
      });
  }
  list.push({
    id: 'refresh',
    group: 'Panel',
    title: 'Ask every server now',
    icon: 'refresh',
    words: 'refresh reload poll',
    run: () => void refresh(),
  });
  const themes: [Theme, string][] = [
    ['dark', 'Dark theme'],
    ['light', 'Light theme'],
    ['system', 'Theme as the desktop'],
  ];
  for (const [theme, title] of themes)
    list.push({ id: `theme-${theme}`, group: 'Panel', title, icon: 'gear', run: () => void saveSettings({ theme }) });
  list.push(
    {
      id: 'search',
      group: 'Panel',
      title: 'Search on this screen',
      icon: 'search',
      keys: ['/'],
      run: () => (ui.searchAsked += 1),
    },
    {
      id: 'shortcuts',
      group: 'Panel',
      title: 'All keys',
      icon: 'info',
      keys: ['?'],
      words: 'help shortcuts',
      run: () => (ui.dialog = { kind: 'shortcuts' }),
    },
  );
  return list;
}

/** Commands that hold every word of `query`, those whose title begins with it first. */
export function search(list: readonly Command[], query: string): Command[] {
  const words = query.toLowerCase().split(/\s+/).filter(Boolean);
  if (words.length === 0) return [...list];
  const rank = (c: Command): number => {
    const title = c.title.toLowerCase();
    const first = words[0] ?? '';
    return title.startsWith(first) ? 0 : title.includes(` ${first}`) ? 1 : title.includes(first) ? 2 : 3;
  };
  return list
    .filter((c) => words.every((w) => `${c.title} ${c.group} ${c.words ?? ''}`.toLowerCase().includes(w)))
    .sort((a, b) => rank(a) - rank(b));
}

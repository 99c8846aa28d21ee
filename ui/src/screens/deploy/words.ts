// The steps of a deploy in words.
import type { DeployRun, DeployStep, DeployStepKind, DeployStepState } from '../../lib/contract';
import type { IconName } from '../../lib/components/Icon.svelte';

export const STEP: Record<
  DeployStepKind,
  { part: 'Before' | 'Deploy' | 'After'; title: string; says: string; act: string; icon: IconName }
> = {
  backup: {
    part: 'Before',
    title: 'Backup',
    says: 'Dashboards, data, alerting and configuration, every file read back.',
    act: 'Back up',
    icon: 'archive',
  },
  preprod: {
    part: 'Before',
    title: 'Pre-production check',
    says: 'Files, rules, guards, dashboard, traffic; without a reload and a test alert, which the Checks screen makes.',
    act: 'Check',
    icon: 'checks',
  },
  window: {
    part: 'Before',
    title: 'Maintenance window',
    says: 'Mutes every alert but the heartbeat, and is read back from every member.',
    act: 'Start the window',
    icon: 'muted',
  },
  deploy: {
    part: 'Deploy',
    title: 'Deploy',
    says: 'Deploy now, with the tools of your own. Come back when it is done.',
    act: 'It is deployed',
    icon: 'up',
  },
  quick: {
    part: 'After',
    title: 'Quick check',
    says: 'Servers and versions, rules, dashboard, metrics, recorded values.',
    act: 'Check',
    icon: 'checks',
  },
  after: {
    part: 'After',
    title: 'After-deploy check',
    says: 'What changed version, what fires and did not fire before, muted or not, targets up, each gauge against its value before.',
    act: 'Check',
    icon: 'bell',
  },
  alerts: {
    part: 'After',
    title: 'No new alert',
    says: 'What fires and did not fire before, muted or not.',
    act: 'Look',
    icon: 'bell',
  },
  gauges: {
    part: 'After',
    title: 'Gauges as before',
    says: 'Each gauge against its value before the deploy.',
    act: 'Compare',
    icon: 'gauge',
  },
  dashboard: {
    part: 'After',
    title: 'Dashboard',
    says: 'A look at the dashboard, by a person.',
    act: 'It looks right',
    icon: 'external',
  },
  'close-out': {
    part: 'After',
    title: 'Close-out',
    says: 'Ends the window, and says what will page, what stays quiet, and what has to be closed by hand.',
    act: 'End and close out',
    icon: 'check',
  },
};

export const LOOK: Record<DeployStepState, { tone: 'ok' | 'warn' | 'crit' | 'none'; icon: IconName; word: string }> = {
  waiting: { tone: 'none', icon: 'clock', word: 'waiting' },
  done: { tone: 'ok', icon: 'check', word: 'done' },
  finding: { tone: 'warn', icon: 'warn', word: 'finding' },
  failed: { tone: 'crit', icon: 'crit', word: 'failed' },
  skipped: { tone: 'none', icon: 'none', word: 'skipped' },
};

/** The step that is next; none when all are done. */
export const next = (run: DeployRun): DeployStep | undefined =>
  run.state === 'open' ? run.steps.find((s) => s.state === 'waiting' || s.state === 'failed') : undefined;

/** How far it is, in words. */
export function standing(run: DeployRun): string {
  const done = run.steps.filter((s) => s.state === 'done' || s.state === 'finding').length;
  const findings = run.steps.filter((s) => s.state === 'finding').length;
  const skipped = run.steps.filter((s) => s.state === 'skipped').length;
  return [
    `${done} of ${run.steps.length} done`,
    findings ? `${findings} with a finding` : '',
    skipped ? `${skipped} skipped` : '',
  ]
    .filter(Boolean)
    .join(', ');
}

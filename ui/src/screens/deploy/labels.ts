// Labels, icons and phases of the steps of a deploy, and how far a deploy is.
import type { DeployRun, DeployStep, DeployStepKind, DeployStepState } from '../../lib/contract';
import type { IconName } from '../../lib/components/Icon.svelte';
import { text } from '../../lib/text/deploy';

export type Phase = keyof typeof text.phases;
export const PHASES = Object.keys(text.phases) as Phase[];

const PHASE_AND_ICON: Record<DeployStepKind, { phase: Phase; icon: IconName }> = {
  backup: { phase: 'before', icon: 'archive' },
  preprod: { phase: 'before', icon: 'checks' },
  window: { phase: 'before', icon: 'muted' },
  deploy: { phase: 'deploy', icon: 'up' },
  quick: { phase: 'after', icon: 'checks' },
  after: { phase: 'after', icon: 'bell' },
  alerts: { phase: 'after', icon: 'bell' },
  gauges: { phase: 'after', icon: 'gauge' },
  dashboard: { phase: 'after', icon: 'external' },
  'close-out': { phase: 'after', icon: 'check' },
};

export const stepLabel = (kind: DeployStepKind) => ({ ...PHASE_AND_ICON[kind], ...text.steps[kind] });

export const STATE: Record<DeployStepState, { tone: 'ok' | 'warn' | 'crit' | 'none'; icon: IconName; label: string }> =
  {
    waiting: { tone: 'none', icon: 'clock', label: text.states.waiting },
    done: { tone: 'ok', icon: 'check', label: text.states.done },
    finding: { tone: 'warn', icon: 'warn', label: text.states.finding },
    failed: { tone: 'crit', icon: 'crit', label: text.states.failed },
    skipped: { tone: 'none', icon: 'none', label: text.states.skipped },
  };

/** Steps that only read: they can be run again while the deploy is open. */
const REPEATABLE: readonly DeployStepKind[] = ['alerts', 'gauges', 'preprod', 'quick', 'after'];
export const canRepeat = (run: DeployRun, step: DeployStep): boolean =>
  run.state === 'open' && REPEATABLE.includes(step.kind) && (step.state === 'finding' || step.state === 'done');

/** The step to run next; none when all are done. */
export const nextStep = (run: DeployRun): DeployStep | undefined =>
  run.state === 'open' ? run.steps.find((s) => s.state === 'waiting' || s.state === 'failed') : undefined;

/** "7 of 9 done, 1 with findings, 1 skipped" */
export function progress(run: DeployRun): string {
  const inState = (...states: DeployStepState[]): number => run.steps.filter((s) => states.includes(s.state)).length;
  return [
    text.done(inState('done', 'finding'), run.steps.length),
    inState('finding') ? text.findings(inState('finding')) : '',
    inState('skipped') ? text.skipped(inState('skipped')) : '',
  ]
    .filter(Boolean)
    .join(', ');
}

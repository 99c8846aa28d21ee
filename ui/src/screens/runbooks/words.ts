// Runbooks in words.
import type {
  RunbookAction,
  RunbookActionKind,
  RunbookMatch,
  RunbookRun,
  RunbookSource,
  RunbookStepResult,
  RunbookVerdict,
} from '../../lib/contract';
import type { IconName } from '../../lib/components/Icon.svelte';
import type { Word } from '../../lib/components/alert-labels';

export const VERDICT: Record<RunbookVerdict, Word> = {
  waiting: { word: 'not asked', tone: 'none', icon: 'clock' },
  pass: { word: 'as expected', tone: 'ok', icon: 'check' },
  fail: { word: 'red', tone: 'crit', icon: 'crit' },
  unknown: { word: 'unknown', tone: 'warn', icon: 'none' },
};

export const SOURCE: Record<RunbookSource, { title: string; chip: string }> = {
  own: { title: 'Your own', chip: 'your own' },
  bundled: { title: 'Runbooks', chip: 'bundled' },
  document: { title: 'Documents', chip: 'document' },
};

export const FOUND: Record<RunbookMatch, string> = {
  asked: '',
  own: 'has the alert’s name',
  bundled: 'has the alert’s name',
  annotation: 'named by the alert’s runbook_url',
  generic: 'fits any alert',
};

export const ACTION: Record<RunbookActionKind, { title: string; icon: IconName }> = {
  silence: { title: 'Silence this…', icon: 'muted' },
  maintenance: { title: 'Maintenance window…', icon: 'wrench' },
  backups: { title: 'Backups', icon: 'archive' },
  rules: { title: 'Rules', icon: 'rules' },
  checks: { title: 'Checks', icon: 'checks' },
  alerts: { title: 'Alerts', icon: 'bell' },
  overview: { title: 'Overview', icon: 'gauge' },
};

/** Buttons with an effect first: they are what a person is looking for. */
export const inOrder = (actions: readonly RunbookAction[]): RunbookAction[] => {
  const first = (a: RunbookAction): number => (a.kind === 'silence' || a.kind === 'maintenance' ? 0 : 1);
  return [...actions].sort((a, b) => first(a) - first(b));
};

/** How the steps of a run stand, in words. */
export function standing(steps: readonly RunbookStepResult[]): string {
  const of = (v: RunbookVerdict): number => steps.filter((s) => s.verdict === v).length;
  if (steps.length === 0) return 'no steps';
  return [
    of('fail') ? `${of('fail')} red` : '',
    of('unknown') ? `${of('unknown')} unknown` : '',
    of('waiting') ? `${of('waiting')} not asked` : '',
    `${of('pass')} of ${steps.length} as expected`,
  ]
    .filter(Boolean)
    .join(', ');
}

/** The worst that a run has found. */
export function worst(run: RunbookRun): RunbookVerdict {
  const order: RunbookVerdict[] = ['fail', 'unknown', 'pass'];
  return order.find((v) => run.steps.some((s) => s.verdict === v)) ?? 'waiting';
}

// Labels and icons of runbooks, and the results of a run.
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
import type { StatusLabel } from '../../lib/components/alert-labels';
import { text } from '../../lib/text/runbooks';

export const VERDICT: Record<RunbookVerdict, StatusLabel> = {
  waiting: { label: text.verdicts.waiting, tone: 'none', icon: 'clock' },
  pass: { label: text.verdicts.pass, tone: 'ok', icon: 'check' },
  fail: { label: text.verdicts.fail, tone: 'crit', icon: 'crit' },
  unknown: { label: text.verdicts.unknown, tone: 'warn', icon: 'none' },
};

export const SOURCE: Record<RunbookSource, { title: string; chip: string }> = {
  own: { title: text.list.ownTitle, chip: text.list.own },
  bundled: { title: text.list.bundledTitle, chip: text.list.bundled },
  document: { title: text.list.documentsTitle, chip: text.list.document },
};

/** How the page of an alert was found. */
export const FOUND: Record<RunbookMatch, string> = {
  asked: '',
  own: text.page.matchedByName,
  bundled: text.page.matchedByName,
  annotation: text.page.matchedByUrl,
  generic: text.page.generic,
};

export const ACTION: Record<RunbookActionKind, { title: string; icon: IconName }> = {
  silence: { title: text.actions.silence, icon: 'muted' },
  maintenance: { title: text.actions.maintenance, icon: 'wrench' },
  backups: { title: text.actions.backups, icon: 'archive' },
  rules: { title: text.actions.rules, icon: 'rules' },
  checks: { title: text.actions.checks, icon: 'checks' },
  alerts: { title: text.actions.alerts, icon: 'bell' },
  overview: { title: text.actions.overview, icon: 'gauge' },
};

/** Actions with an effect before links to other screens. */
export const effectsFirst = (actions: readonly RunbookAction[]): RunbookAction[] => {
  const first = (a: RunbookAction): number => (a.kind === 'silence' || a.kind === 'maintenance' ? 0 : 1);
  return [...actions].sort((a, b) => first(a) - first(b));
};

/** "1 failed, 1 unknown, 2 of 5 passed" */
export function summary(steps: readonly RunbookStepResult[]): string {
  const withVerdict = (v: RunbookVerdict): number => steps.filter((s) => s.verdict === v).length;
  if (steps.length === 0) return text.noSteps;
  return [
    withVerdict('fail') ? text.failedCount(withVerdict('fail')) : '',
    withVerdict('unknown') ? text.unknownCount(withVerdict('unknown')) : '',
    withVerdict('waiting') ? text.waitingCount(withVerdict('waiting')) : '',
    text.passedCount(withVerdict('pass'), steps.length),
  ]
    .filter(Boolean)
    .join(', ');
}

export function worst(run: RunbookRun): RunbookVerdict {
  const order: RunbookVerdict[] = ['fail', 'unknown', 'pass'];
  return order.find((v) => run.steps.some((s) => s.verdict === v)) ?? 'waiting';
}

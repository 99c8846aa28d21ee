// The checklist in words: what leads to each task, and how far somebody is.
import type { TrainingBoard, TrainingPerson, TrainingStep, TrainingTask } from '../../lib/contract';
import type { IconName } from '../../lib/components/Icon.svelte';
import { SCENARIOS } from '../../lib/components/drill-labels';

export const TASK: Record<TrainingTask, { short: string; does: string; icon: IconName }> = {
  'read-runbook': { short: 'Runbook', does: 'Open the runbook', icon: 'book' },
  'bookmark-grafana': { short: 'Grafana', does: 'Open Grafana', icon: 'external' },
  'quick-check': { short: 'Check', does: 'Go to the checks', icon: 'checks' },
  'vip-drill': { short: 'VIP drill', does: 'Start the drill…', icon: 'flag' },
  maintenance: { short: 'Window', does: 'Start a window…', icon: 'wrench' },
  'slo-targets': { short: 'Targets', does: 'Show the targets', icon: 'gauge' },
};
export const TASKS = Object.keys(TASK) as TrainingTask[];

/** Address of the training page, with a drill's report or without. */
export const TRAINING = 'training';
export function reportOf(thing: string | null): string | null {
  return thing?.startsWith(`${TRAINING}~`) ? thing.slice(TRAINING.length + 1) || null : null;
}
export const isTraining = (thing: string | null): boolean =>
  thing === TRAINING || thing?.startsWith(`${TRAINING}~`) === true;

/** Names as the panel compares them. */
export const same = (a: string, b: string): boolean => a.trim().toLowerCase() === b.trim().toLowerCase();

/** Somebody who is not on the list yet has done nothing yet. */
export function personOf(board: TrainingBoard, name: string): TrainingPerson {
  return (
    board.people.find((p) => same(p.name, name)) ?? {
      name,
      steps: TASKS.map((task) => ({ task, doneAt: null, by: '', evidence: '' })),
      drills: SCENARIOS.map((scenario) => ({ scenario, run: null, passed: false, firstActionS: null, tries: 0 })),
    }
  );
}

/** Everybody to choose from: the list, with the one at this machine even when not on it. */
export function names(board: TrainingBoard, chosen: string): string[] {
  const all = [board.me, chosen].filter(Boolean).map((n) => personOf(board, n).name);
  return [...new Set([...all, ...board.people.map((p) => p.name)])];
}

export const done = (p: TrainingPerson): number => p.steps.filter((s) => s.doneAt !== null).length;
export const progress = (p: TrainingPerson): string => `${done(p)} of ${p.steps.length}`;

/** What the panel saw can't be taken back; what somebody said can. */
export const byHand = (s: TrainingStep): boolean => s.doneAt !== null && s.evidence === '';

/** What is lost with a person, in words. */
export function loss(p: TrainingPerson): string {
  const n = done(p);
  return n === 0
    ? 'Nothing was done yet, so nothing is lost.'
    : `${n === 1 ? 'One task that is done is' : `${n} tasks that are done are`} lost with the name: when, by whom, and what the panel saw.`;
}

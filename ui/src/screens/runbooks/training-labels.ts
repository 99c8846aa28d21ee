// Labels of the tasks, the people of the training board, and their progress.
import type { TrainingBoard, TrainingDrill, TrainingPerson, TrainingStep, TrainingTask } from '../../lib/contract';
import type { IconName } from '../../lib/components/Icon.svelte';
import { SCENARIOS } from '../../lib/components/drill-labels';
import { brief } from '../../lib/format/duration';
import { text } from '../../lib/text/training';

export const TASK: Record<TrainingTask, { short: string; action: string; icon: IconName }> = {
  'read-runbook': { ...text.tasks['read-runbook'], icon: 'book' },
  'bookmark-grafana': { ...text.tasks['bookmark-grafana'], icon: 'external' },
  'quick-check': { ...text.tasks['quick-check'], icon: 'checks' },
  'vip-drill': { ...text.tasks['vip-drill'], icon: 'flag' },
  maintenance: { ...text.tasks.maintenance, icon: 'wrench' },
  'slo-targets': { ...text.tasks['slo-targets'], icon: 'gauge' },
};
export const TASKS = Object.keys(TASK) as TrainingTask[];

/** Address of the training page, with a drill's report or without. */
export const TRAINING = 'training';
export function reportOf(item: string | null): string | null {
  return item?.startsWith(`${TRAINING}~`) ? item.slice(TRAINING.length + 1) || null : null;
}
export const isTraining = (item: string | null): boolean =>
  item === TRAINING || item?.startsWith(`${TRAINING}~`) === true;

/** Names as the panel compares them. */
export const same = (a: string, b: string): boolean => a.trim().toLowerCase() === b.trim().toLowerCase();

/** A person who is not on the list yet has every task to do. */
export function personOf(board: TrainingBoard, name: string): TrainingPerson {
  return (
    board.people.find((p) => same(p.name, name)) ?? {
      name,
      steps: TASKS.map((task) => ({ task, doneAt: null, by: '', evidence: '' })),
      drills: SCENARIOS.map((scenario) => ({ scenario, run: null, passed: false, firstActionS: null, tries: 0 })),
    }
  );
}

/** Names to select from: the list, the user of this machine and the selected one. */
export function names(board: TrainingBoard, chosen: string): string[] {
  const all = [board.me, chosen].filter(Boolean).map((n) => personOf(board, n).name);
  return [...new Set([...all, ...board.people.map((p) => p.name)])];
}

export const isDone = (p: TrainingPerson, task: TrainingTask): boolean =>
  p.steps.some((s) => s.task === task && s.doneAt !== null);

/** Time to the first correct action, in seconds below 100; empty without one. */
export function firstActionTime(drill: TrainingDrill | null): string {
  if (!drill || drill.run === null || drill.firstActionS === null) return '';
  const seconds = Math.max(0, drill.firstActionS);
  return seconds < 100 ? `${Math.floor(seconds)} s` : brief(seconds * 1000);
}

export interface TaskOptions {
  grafanaUrl: string;
  drillOffered: boolean;
  drillRunning: boolean;
}

/** Why a task can't be done from here; empty if it can. */
export function taskObstacle(task: TrainingTask, { grafanaUrl, drillOffered, drillRunning }: TaskOptions): string {
  if (task === 'bookmark-grafana') return grafanaUrl ? '' : text.checklist.noGrafana;
  if (task !== 'vip-drill') return '';
  if (drillRunning) return text.checklist.drillRunning;
  return drillOffered ? '' : text.checklist.demoOnly;
}

export const done = (p: TrainingPerson): number => p.steps.filter((s) => s.doneAt !== null).length;
export const progress = (p: TrainingPerson): string => text.person.progress(done(p), p.steps.length);

/** Whether a task was marked manually; only that can be undone. */
export const byHand = (s: TrainingStep): boolean => s.doneAt !== null && s.evidence === '';

/** What is deleted with a person. */
export function loss(p: TrainingPerson): string {
  const n = done(p);
  return n === 0 ? text.person.nothingLost : text.person.lost(n);
}

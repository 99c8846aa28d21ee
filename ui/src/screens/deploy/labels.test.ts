import { expect, test } from 'vitest';
import type { DeployRun, DeployStep, DeployStepKind, DeployStepState } from '../../lib/contract';
import { canRepeat, nextStep, progress } from './labels';

const step = (kind: DeployStepKind, state: DeployStepState): DeployStep => ({ kind, state }) as DeployStep;
const run = (state: DeployRun['state'], ...steps: DeployStep[]): DeployRun => ({ state, steps }) as DeployRun;

test('next_step_is_the_first_pending_or_failed_one_of_an_open_deploy', () => {
  const steps = [step('backup', 'done'), step('preprod', 'failed'), step('window', 'waiting')];
  expect(nextStep(run('open', ...steps))?.kind).toBe('preprod');
  expect(nextStep(run('done', ...steps))).toBeUndefined();
});

test('progress_counts_findings_and_skipped_steps', () => {
  const steps = [step('backup', 'done'), step('quick', 'finding'), step('preprod', 'skipped')];
  expect(progress(run('open', ...steps))).toBe('2 of 3 done, 1 with findings, 1 skipped');
});

test('only_finished_read_only_steps_can_be_repeated', () => {
  expect(canRepeat(run('open'), step('quick', 'done'))).toBe(true);
  expect(canRepeat(run('open'), step('quick', 'waiting'))).toBe(false);
  expect(canRepeat(run('open'), step('backup', 'done'))).toBe(false);
  expect(canRepeat(run('done'), step('quick', 'done'))).toBe(false);
});

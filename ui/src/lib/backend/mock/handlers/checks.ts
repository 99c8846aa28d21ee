// Check runs that advance one check at a time and can be canceled.
import type { CheckResult, CheckRun, Snapshot } from '../../../contract';
import { checkHistory, checkOutline, checkRun, worst } from '../checks';
import { fail, pause, required, type Handlers, type MockContext } from '../context';

type CheckCommand = 'check_run' | 'check_cancel' | 'check_runs' | 'check_export';

const waiting = (check: CheckResult): CheckResult => ({
  ...check,
  state: 'waiting',
  reason: '',
  evidence: [],
  remedy: '',
  tookMs: null,
});
const canceled = (check: CheckResult): CheckResult => ({
  ...check,
  state: 'skipped',
  reason: 'The run was canceled before this check.',
  evidence: [],
  remedy: '',
});

export function checkCommands(context: MockContext) {
  const { scene, openedAt } = context;
  let runs = checkHistory(scene, openedAt);
  let running: CheckRun | null = null;
  let cancelled = false;
  let revision = 0;
  const summary = (): Snapshot['checks'] => ({
    revision,
    running,
    last: runs[0] ? checkOutline(runs[0]) : null,
  });
  const show = (run: CheckRun | null): void => {
    running = structuredClone(run);
    context.publish({ checks: summary() });
  };
  const handlers: Handlers<CheckCommand> = {
    check_run: async ({ suite, effects, createdBy }) => {
      if (running)
        throw fail(
          'invalid-request',
          `The ${running.suite} check is already running.`,
          'Wait until it ends, or cancel it.',
        );
      cancelled = false;
      const complete = checkRun(suite, effects, createdBy || 'alice', Date.now(), scene);
      const checks = complete.checks.map(waiting);
      const shown: CheckRun = { ...complete, endedAt: null, verdict: 'running', checks };
      for (const [i, check] of complete.checks.entries()) {
        checks[i] = { ...waiting(check), state: 'running' };
        show(shown);
        await pause(context.stepMs(60));
        checks[i] = cancelled ? canceled(check) : check;
      }
      const ended: CheckRun = { ...shown, endedAt: Date.now(), cancelled, verdict: worst(checks) };
      runs = [ended, ...runs];
      revision += 1;
      show(null);
      return ended;
    },
    check_cancel: () => {
      if (!running) throw fail('not-found', 'No check is running.');
      cancelled = true;
      return {};
    },
    check_runs: () => ({ runs }),
    check_export: ({ id, format }) => {
      const run = required(
        runs.find((r) => r.id === id),
        'This stack has no check run with this ID.',
      );
      return { text: format === 'junit' ? '<testsuites/>' : `# ${run.suite} check\n` };
    },
  };
  return { handlers, summary };
}

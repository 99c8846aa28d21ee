// A deploy that is gone through step by step.
import type { DeployRun } from '../../../contract';
import { pause, required, type Handlers, type MockContext } from '../context';
import { BIDI } from '../data';
import { run, step } from '../deploy';

const REMOVED = 'This stack has no deploy with this id.';

type DeployCommand = 'deploy_start' | 'deploy_step' | 'deploy_abandon' | 'deploy_runs';

export function deployCommands({ scene, query, openedAt, stepMs }: MockContext): Handlers<DeployCommand> {
  let deploys: DeployRun[] = [];
  if (query.get('deploy') === 'on') {
    const open = run(scene === 'hostile' ? BIDI.repeat(9) : 'v2.3.0', 'alice', 1800, openedAt - 600_000);
    deploys = [{ ...open, id: 'd-on', steps: open.steps.map((s, i) => (i < 4 ? step(s, 'run', '') : s)) }];
  }
  const byId = (id: string): DeployRun =>
    required(
      deploys.find((d) => d.id === id),
      REMOVED,
    );
  const store = (next: DeployRun): DeployRun => {
    deploys = deploys.map((d) => (d.id === next.id ? next : d));
    return next;
  };
  return {
    deploy_runs: () => ({ runs: deploys }),
    deploy_start: ({ reason, createdBy, windowS }) => {
      const started = { ...run(reason, createdBy, windowS, Date.now()), id: `d-${deploys.length}` };
      deploys = [started, ...deploys];
      return started;
    },
    deploy_step: async ({ id, kind, act, reason }) => {
      await pause(stepMs(60));
      const deploy = byId(id);
      const steps = deploy.steps.map((s) => (s.kind === kind ? step(s, act, reason) : s));
      const over = steps.every((s) => s.state !== 'waiting' && s.state !== 'failed');
      return store({ ...deploy, steps, state: over ? 'done' : 'open', endedAt: over ? Date.now() : null });
    },
    deploy_abandon: ({ id, reason }) => {
      const deploy = byId(id);
      const steps = deploy.steps.map((s) =>
        s.state === 'waiting' ? { ...s, state: 'skipped' as const, note: `Abandoned: ${reason}` } : s,
      );
      return store({ ...deploy, state: 'given-up', endedAt: Date.now(), steps });
    },
  };
}

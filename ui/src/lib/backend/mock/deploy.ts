// A deploy that starts with every step open and takes the recorded result of each.
import type { DeployAction, DeployRun, DeployStep } from '../../contract';
import { replay } from './recorded';

/** The recorded deploy, of which every step was done. */
const recorded = (now: number): DeployRun => {
  const [deploy] = replay('deploy_runs', 'loaded', now).runs;
  if (!deploy) throw new Error('recorded/deploys.json has no deploy.');
  return deploy;
};

export const run = (reason: string, by: string, windowS: number, now: number): DeployRun => ({
  ...recorded(now),
  id: '',
  reason,
  createdBy: by || 'alice',
  windowS,
  startedAt: now,
  endedAt: null,
  state: 'open',
  steps: recorded(now).steps.map(({ kind }) => ({
    kind,
    state: 'waiting',
    note: '',
    evidence: [],
    at: null,
    tookMs: null,
  })),
  markdown: `# Deploy: ${reason}\n`,
});

export function step(s: DeployStep, act: DeployAction, reason: string): DeployStep {
  if (act === 'skip') return { ...s, state: 'skipped', note: reason, at: Date.now(), tookMs: 1 };
  const done = recorded(Date.now()).steps.find((r) => r.kind === s.kind);
  return { ...s, ...done, at: Date.now() };
}

// Made-up checks: every state, with evidence and remedies.
import type { CheckOutline, CheckResult, CheckRun, CheckState, CheckSuite } from '../../contract';
import { BIDI, type Scene } from './data';
import { replay } from './recorded';

/** The checks of a suite; without permission, those that change something on a server are skipped. */
const suiteChecks = (suite: CheckSuite, effects: boolean): CheckResult[] =>
  replay('check_run', suite).checks.map((check) =>
    effects || !check.effect
      ? check
      : {
          ...check,
          state: 'skipped',
          reason: 'Changes something on a server; not allowed in this run.',
          remedy: 'Run again with --with-effects.',
          tookMs: 0,
        },
  );

const ORDER: CheckState[] = ['waiting', 'running', 'pass', 'skipped', 'warn', 'fail'];
export const worst = (checks: CheckResult[]): CheckState =>
  checks
    .map((c) => c.state)
    .filter((s) => s !== 'skipped')
    .sort((a, b) => ORDER.indexOf(b) - ORDER.indexOf(a))[0] ?? 'skipped';

export function checkRun(suite: CheckSuite, effects: boolean, createdBy: string, at: number, scene: Scene): CheckRun {
  let checks = suiteChecks(suite, effects);
  if (scene === 'calm')
    checks = checks.map((c) =>
      c.state === 'skipped'
        ? c
        : { ...c, state: 'pass', reason: c.state === 'pass' ? c.reason : 'No problems found.', remedy: '' },
    );
  if (scene === 'never')
    checks = checks.map((c) => ({
      ...c,
      state: 'fail',
      reason: 'Prometheus at http://localhost:9090 is unreachable.',
      remedy: 'Start the server, or correct its address in Settings, Stacks.',
      evidence: [],
    }));
  if (scene === 'hostile') checks = checks.map((c) => ({ ...c, reason: c.reason + BIDI, evidence: [BIDI.repeat(20)] }));
  return {
    id: `${suite}-${at}`,
    stack: 'production',
    suite,
    createdBy,
    deploy: '',
    effects,
    startedAt: at - 900,
    endedAt: at,
    cancelled: false,
    verdict: worst(checks),
    checks,
  };
}

export function checkHistory(scene: Scene, now: number): CheckRun[] {
  if (scene === 'empty' || scene === 'loading') return [];
  const cut = checkRun('sanity', true, 'bob', now - 26 * 3_600_000, scene);
  return [
    checkRun('quick', false, 'alice', now - 12 * 60_000, scene),
    checkRun('preprod', true, 'alice', now - 3 * 3_600_000, scene),
    {
      ...cut,
      endedAt: null,
      verdict: 'running',
      checks: cut.checks.map((c, i) =>
        i > 3 ? { ...c, state: 'waiting', reason: '', evidence: [], tookMs: null } : c,
      ),
    },
    { ...checkRun('after-deploy', false, 'carol', now - 50 * 3_600_000, scene), cancelled: true },
  ];
}

export const checkOutline = (run: CheckRun): CheckOutline => ({
  id: run.id,
  suite: run.suite,
  verdict: run.verdict,
  endedAt: run.endedAt ?? run.startedAt,
  passed: run.checks.filter((c) => c.state === 'pass').length,
  total: run.checks.length,
});

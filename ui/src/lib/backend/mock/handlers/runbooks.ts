// Runbook pages and runs of them that can be stepped through and closed.
import type { RunbookRun } from '../../../contract';
import { fail, pause, unanswered, type Handlers, type MockContext } from '../context';
import { replay } from '../recorded';
import {
  notFound,
  runbookAnswer,
  runbookHistory,
  runbookHits,
  runbookList,
  runbookRun,
  runbookView,
} from '../runbooks';

type RunbookCommand =
  | 'runbook_list'
  | 'runbook_open'
  | 'runbook_search'
  | 'runbook_start'
  | 'runbook_step'
  | 'runbook_cancel'
  | 'runbook_note'
  | 'runbook_runs'
  | 'runbook_export';

export function runbookCommands(context: MockContext): Handlers<RunbookCommand> {
  const { scene, query, openedAt, alerts, drill } = context;
  let runs = runbookHistory(alerts, scene, openedAt);
  const byId = (id: string): RunbookRun => {
    const run = runs.find((r) => r.id === id);
    if (!run) throw notFound('This stack has no runbook run with this ID.');
    return run;
  };
  return {
    runbook_list: () => (scene === 'loading' ? unanswered() : runbookList(scene)),
    runbook_open: (request) => {
      if (
        request.fingerprint !== null &&
        request.id === null &&
        !alerts.some((r) => r.fingerprint === request.fingerprint)
      )
        throw notFound('This alert is no longer in the list.');
      const view = runbookView(request, alerts, scene);
      drill.opened(view.id);
      return view;
    },
    runbook_search: ({ text }) => runbookHits(runbookList(scene), text),
    runbook_start: (request) => {
      const started = {
        ...runbookRun(runbookView(request, alerts, scene), `run-${runs.length + 1}-new`, Date.now(), false),
        drill: drill.status().running?.id ?? null,
      };
      runs = [started, ...runs];
      return started;
    },
    runbook_step: async ({ run: id, number, style }) => {
      await pause(context.stepMs(40) * number);
      const run = byId(id);
      drill.did('runbook-step');
      const answer = runbookAnswer(run, number, style, context.gauges[0]?.spec, scene);
      const stored = { ...answer, figure: null };
      runs = runs.map((r) =>
        r.id === id ? { ...r, steps: r.steps.map((s) => (s.number === number ? stored : s)) } : r,
      );
      return answer;
    },
    runbook_cancel: () => ({}),
    runbook_note: ({ run: id, notes, close }) => {
      const run = byId(id);
      if (run.endedAt !== null) throw fail('invalid-request', 'This run is closed.');
      const next = { ...run, notes, endedAt: close ? Date.now() : null };
      runs = runs.map((r) => (r.id === id ? next : r));
      return next;
    },
    runbook_runs: () => ({ runs }),
    runbook_export: async ({ run }) => {
      byId(run);
      await pause(200);
      if (query.get('disk') === 'full')
        throw fail('storage', 'Could not write to /home/alice/Downloads.', 'Free disk space and try again.');
      return replay('runbook_export');
    },
  };
}

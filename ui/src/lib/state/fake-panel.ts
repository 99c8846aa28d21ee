// For tests: the window's panel with a backend that answers from a function. The snapshot is what `snapshot` returns.
import type { Backend } from '../backend';
import type { CommandName, PanelError, Snapshot } from '../contract';
import { panel } from './panel.svelte';

export interface FakePanel {
  /** Commands in the order they were sent, without `snapshot`. */
  calls: [CommandName, unknown][];
  stop: () => void;
}

export function fakePanel(
  reply: (name: CommandName, request: never) => unknown,
  snapshot: Partial<Snapshot> | null = null,
): FakePanel {
  const calls: FakePanel['calls'] = [];
  const backend = {
    call: (name: CommandName, request: unknown): Promise<unknown> => {
      if (name === 'snapshot') return snapshot ? Promise.resolve(snapshot) : new Promise(() => {});
      calls.push([name, request]);
      return new Promise((done) => done(reply(name, request as never)));
    },
    subscribe: () => () => {},
  };
  const stop = panel.start(backend as unknown as Backend);
  return {
    calls,
    stop: () => {
      stop();
      panel.snapshot = null;
    },
  };
}

/** Fails a command as the panel does. */
export function fail(error: Partial<PanelError>): never {
  // Backends reject with the error itself.
  // eslint-disable-next-line @typescript-eslint/only-throw-error
  throw error;
}

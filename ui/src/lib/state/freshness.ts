// How far a piece of data can be trusted now. The panel says so in `Freshness`; the window adds one rule of its own:
// an answer that has become older than two polls and a margin is stale even if nobody said so (a suspended
// machine, a panel that hangs). A green light is never older than that.
import type { Freshness, PanelError } from '../contract';

export type Age =
  | { kind: 'loading' }
  | { kind: 'fresh'; at: number }
  | { kind: 'stale'; at: number; error: PanelError | null }
  | { kind: 'never'; error: PanelError }
  | { kind: 'absent' };

/** Margin beyond two polls, in milliseconds: the time-out of a request and a little. */
export const MARGIN_MS = 15_000;

/** `freshness` at `now`; `intervalS` is the cadence of its poller. */
export function age(freshness: Freshness, now: number, intervalS: number): Age {
  switch (freshness.state) {
    case 'loading':
      return { kind: 'loading' };
    case 'absent':
      return { kind: 'absent' };
    case 'never':
      return { kind: 'never', error: freshness.error };
    case 'stale':
      return { kind: 'stale', at: freshness.at, error: freshness.error };
    case 'fresh':
      return now - freshness.at > 2000 * intervalS + MARGIN_MS
        ? { kind: 'stale', at: freshness.at, error: null }
        : { kind: 'fresh', at: freshness.at };
  }
}

/** Whether there is anything to show. */
export function known(a: Age): boolean {
  return a.kind === 'fresh' || a.kind === 'stale';
}

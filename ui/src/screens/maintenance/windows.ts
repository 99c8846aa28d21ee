// What can be done with a maintenance window now, and how far it has come.
import type { MaintenanceWindow } from '../../lib/contract';

/** What "extend" adds and "shorten" takes away, in seconds. */
export const STEP_S = 900;
/** A window is shortened only when this much would be left of it, in milliseconds. */
const LEAST_LEFT_MS = 2 * 60_000;
/** From here on its countdown is highlighted. */
const SOON_MS = 5 * 60_000;

/** Windows that have not ended: those in effect or lost, and those that start later. */
export function splitWindows(
  windows: readonly MaintenanceWindow[],
  now: number,
): { current: MaintenanceWindow[]; scheduled: MaintenanceWindow[] } {
  const open = windows.filter((w) => w.phase !== 'ended');
  const startsLater = (w: MaintenanceWindow): boolean => w.phase === 'scheduled' && w.startsAt > now;
  return { current: open.filter((w) => !startsLater(w)), scheduled: open.filter(startsLater) };
}

/** Share of a window that has passed, from 0 to 1. */
export function progress({ startsAt, endsAt }: Pick<MaintenanceWindow, 'startsAt' | 'endsAt'>, now: number): number {
  return Math.min(1, Math.max(0, (now - startsAt) / Math.max(1, endsAt - startsAt)));
}

export function endsSoon({ endsAt }: Pick<MaintenanceWindow, 'endsAt'>, now: number): boolean {
  return endsAt - now < SOON_MS;
}

/** Difference between Alertmanager's clock and this one in seconds; null: too small to matter. */
export function clockSkew({ clockOffsetMs }: Pick<MaintenanceWindow, 'clockOffsetMs'>): number | null {
  return clockOffsetMs !== null && Math.abs(clockOffsetMs) > 1000 ? clockOffsetMs / 1000 : null;
}

export interface WindowActions {
  recreate: boolean;
  report: boolean;
  shorten: boolean;
  extend: boolean;
  /** Whether its silence is known yet; without it nothing can be changed. */
  changeable: boolean;
}

export function windowActions(window: MaintenanceWindow, now: number): WindowActions {
  const lost = window.phase === 'lost';
  const missingOnMember = window.members.some((m) => m.state === null && m.error === '');
  return {
    recreate: lost || (window.phase === 'partial' && missingOnMember),
    report: window.startsAt <= now,
    shorten: !lost && window.endsAt - now > STEP_S * 1000 + LEAST_LEFT_MS,
    extend: !lost,
    changeable: window.silenceId !== '',
  };
}

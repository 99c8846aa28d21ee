// Where backups are on the time axis above their table.
const DAY = 86_400_000;

/** At least a week, at most thirty days, else as far back as the oldest backup. Newest first. */
export const timelineStart = (backups: readonly { madeAt: number }[], now: number): number =>
  Math.min(now - 7 * DAY, Math.max(now - 30 * DAY, backups.at(-1)?.madeAt ?? now));

/** In percent of the axis. */
export const positionOf = (at: number, start: number, now: number): number =>
  Math.min(100, Math.max(0, ((at - start) / Math.max(1, now - start)) * 100));

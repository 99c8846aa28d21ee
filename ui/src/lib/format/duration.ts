// Lengths of time in words. Refuses nothing: a negative or non-finite length reads as "0 s".

const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/** "850 ms", "48 s", "4 min 12 s", "3 h 5 min", "2 d 4 h": the two largest units that say something. */
export function human(ms: number): string {
  if (!Number.isFinite(ms) || ms < 0) return '0 s';
  const seconds = Math.floor(ms / SECOND);
  if (seconds < 60) return `${seconds} s`;
  // Past ten minutes the seconds only flicker.
  if (ms < 10 * MINUTE) return two(Math.floor(ms / MINUTE), 'min', seconds % 60, 's');
  if (ms < HOUR) return `${Math.floor(ms / MINUTE)} min`;
  if (ms < DAY) return two(Math.floor(ms / HOUR), 'h', Math.floor((ms % HOUR) / MINUTE), 'min');
  return two(Math.floor(ms / DAY), 'd', Math.floor((ms % DAY) / HOUR), 'h');
}

/** One unit only, for tight places: "48 s", "4 min", "3 h", "2 d". */
export function brief(ms: number): string {
  if (!Number.isFinite(ms) || ms < 0) return '0 s';
  if (ms < MINUTE) return `${Math.floor(ms / SECOND)} s`;
  if (ms < HOUR) return `${Math.floor(ms / MINUTE)} min`;
  if (ms < DAY) return `${Math.floor(ms / HOUR)} h`;
  return `${Math.floor(ms / DAY)} d`;
}

/** A countdown: "24:10", "1:04:10", "2 d 03:00:00". Full seconds that are left. */
export function clock(ms: number): string {
  const total = Number.isFinite(ms) ? Math.max(0, Math.floor(ms / SECOND)) : 0;
  const d = Math.floor(total / 86400);
  const h = Math.floor((total % 86400) / 3600);
  const m = Math.floor((total % 3600) / 60);
  const s = String(total % 60).padStart(2, '0');
  if (d > 0) return `${d} d ${String(h).padStart(2, '0')}:${String(m).padStart(2, '0')}:${s}`;
  return h > 0 ? `${h}:${String(m).padStart(2, '0')}:${s}` : `${m}:${s}`;
}

/** A planned length: "30 min", "2 h", "1 h 30 min", "1 d". No seconds unless it is shorter than a minute. */
export function planned(seconds: number): string {
  if (!Number.isFinite(seconds) || seconds <= 0) return '0 min';
  if (seconds < 60) return `${Math.round(seconds)} s`;
  const minutes = Math.round(seconds / 60);
  if (minutes < 60) return `${minutes} min`;
  if (minutes < 1440) return two(Math.floor(minutes / 60), 'h', minutes % 60, 'min');
  return two(Math.floor(minutes / 1440), 'd', Math.floor((minutes % 1440) / 60), 'h');
}

function two(a: number, unitA: string, b: number, unitB: string): string {
  return b > 0 ? `${a} ${unitA} ${b} ${unitB}` : `${a} ${unitA}`;
}

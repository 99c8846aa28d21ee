// Instants: local for the eye, UTC for the hover. Milliseconds since the epoch in, text out.

const two = (n: number): string => String(n).padStart(2, '0');

function valid(ms: number): boolean {
  return Number.isFinite(ms) && Math.abs(ms) <= 8.64e15;
}

/** "14:32" or, with seconds, "14:32:07" in local time. */
export function timeOfDay(ms: number, seconds = false): string {
  if (!valid(ms)) return '–';
  const d = new Date(ms);
  const base = `${two(d.getHours())}:${two(d.getMinutes())}`;
  return seconds ? `${base}:${two(d.getSeconds())}` : base;
}

/** Local time, with as much of the date as is needed to be clear on the day of `now`. */
export function local(ms: number, now: number, seconds = false): string {
  if (!valid(ms)) return '–';
  const d = new Date(ms);
  const n = new Date(now);
  const time = timeOfDay(ms, seconds);
  if (d.toDateString() === n.toDateString()) return time;
  const day = d.toLocaleDateString(undefined, { day: 'numeric', month: 'short' });
  return d.getFullYear() === n.getFullYear() ? `${day}, ${time}` : `${day} ${d.getFullYear()}, ${time}`;
}

/** "2026-11-24 13:32:07 UTC", for the hover. */
export function utc(ms: number): string {
  if (!valid(ms)) return '';
  return `${new Date(ms).toISOString().slice(0, 19).replace('T', ' ')} UTC`;
}

/** Minutes east of UTC at `ms`; what figures take for their time axis. */
export function utcOffsetMinutes(ms: number): number {
  return -new Date(ms).getTimezoneOffset();
}

/** A local date and time as `<input type="datetime-local">` writes it, to the minute. */
export function toLocalInput(ms: number): string {
  if (!valid(ms)) return '';
  const d = new Date(ms);
  return `${d.getFullYear()}-${two(d.getMonth() + 1)}-${two(d.getDate())}T${two(d.getHours())}:${two(d.getMinutes())}`;
}

/** The reverse of [`toLocalInput`]; `null` for what is not a date. */
export function fromLocalInput(text: string): number | null {
  if (!/^\d{4}-\d\d-\d\dT\d\d:\d\d/.test(text)) return null;
  const ms = new Date(text).getTime();
  return Number.isFinite(ms) ? ms : null;
}

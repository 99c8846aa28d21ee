// Replies of a panel, recorded once in recorded/*.json and replayed with their times moved to the present.
import type { CommandName, Commands } from '../../contract';
import type { RecordingFile } from './recording';

// JSON has no literal types: recorded.test.ts checks each file against the contract.
const files = Object.values(import.meta.glob<RecordingFile>('./recorded/*.json', { eager: true, import: 'default' }));

/** Epoch milliseconds of the years 2020 to 2035; no other number of a reply lies between them. */
const isTime = (value: number): boolean => value >= 1_577_836_800_000 && value < 2_051_222_400_000;

/** A copy with every time moved by this many milliseconds. */
export function moveTimes<T>(value: T, byMs: number): T {
  if (typeof value === 'number') return (isTime(value) ? value + byMs : value) as T;
  if (Array.isArray(value)) return value.map((item: unknown) => moveTimes(item, byMs)) as T;
  if (typeof value === 'object' && value !== null)
    return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, moveTimes<unknown>(item, byMs)])) as T;
  return value;
}

/** The recorded reply, as if the panel gave it at `now`. */
export function replay<C extends CommandName>(
  command: C,
  situation = 'loaded',
  now = Date.now(),
): Commands[C]['reply'] {
  for (const { recordedAt, replies } of files) {
    const reply = replies[command]?.[situation];
    if (reply) return moveTimes(reply, now - recordedAt);
  }
  throw new Error(`recorded/ has no reply of ${command} in the situation "${situation}".`);
}

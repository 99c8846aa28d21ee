// Numbers of a service level over a range of time.
import type { SloWindow } from '../../lib/contract';
import { human } from '../../lib/format/duration';
import { text } from '../../lib/text/slos';

/** Data that covers less than this share of the range is mentioned. */
const FULL_SHARE = 0.9;

/** How wide the figure of a service level is in a list of this width, in pixels: about a third, in which its labels fit. */
export const figureWidth = (list: number): number => Math.round(Math.min(480, Math.max(220, list * 0.34)));

export const rangeLabel = (hours: number): string => (hours < 48 ? `${hours} h` : `${hours / 24} d`);

/** How much of the range had traffic and, if the server's data is shorter than the range, how far it reaches. */
export function coverage({ hours, guardedS, reachesS }: Pick<SloWindow, 'hours' | 'guardedS' | 'reachesS'>): string {
  const withTraffic = text.guarded(human(guardedS * 1000));
  const partial = reachesS > 0 && reachesS < hours * 3600 * FULL_SHARE;
  return partial ? `${withTraffic}, ${text.reach(human(reachesS * 1000))}` : withTraffic;
}

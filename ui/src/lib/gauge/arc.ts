// Geometry of a gauge's arc: 240 degrees, open at the bottom, drawn clockwise from the lower left. Pure numbers;
// positions on the arc are 0..1. A value off the scale pins to its end, the printed number stays true.
import type { GaugeSpec, Level } from '../contract';

export interface Zone {
  from: number;
  to: number;
  level: Exclude<Level, 'none'>;
}

/** Centre and drawing box shared by everything that is laid on the arc. */
export const BOX = { width: 160, height: 116, cx: 80, cy: 78 } as const;
const START = (7 / 6) * Math.PI;
const SWEEP = (4 / 3) * Math.PI;

/** Where `value` lies on the scale, 0..1. `null` when there is no scale or no number. */
export function position(value: number | null, min: number, max: number): number | null {
  if (value === null || Number.isNaN(value) || !(max > min)) return null;
  return Math.min(1, Math.max(0, (value - min) / (max - min)));
}

/** The point at `t` (0..1) on the circle of radius `r`. */
export function point(t: number, r: number): [number, number] {
  const angle = START - t * SWEEP;
  return [BOX.cx + r * Math.cos(angle), BOX.cy - r * Math.sin(angle)];
}

/** An SVG path along the circle of radius `r` from `a` to `b` (0..1, a < b). Empty when there is nothing to draw. */
export function arcPath(a: number, b: number, r: number): string {
  if (!(b > a)) return '';
  const [x1, y1] = point(a, r);
  const [x2, y2] = point(b, r);
  const large = (b - a) * SWEEP > Math.PI ? 1 : 0;
  return `M${n(x1)} ${n(y1)}A${r} ${r} 0 ${large} 1 ${n(x2)} ${n(y2)}`;
}

/** A radial line at `t` between two radii: the target's tick. */
export function tickPath(t: number, inner: number, outer: number): string {
  const [x1, y1] = point(t, inner);
  const [x2, y2] = point(t, outer);
  return `M${n(x1)} ${n(y1)}L${n(x2)} ${n(y2)}`;
}

type Scale = Pick<GaugeSpec, 'min' | 'max' | 'warn' | 'critical' | 'higherIsBetter'>;

/** The coloured zones between the thresholds, in order, without empty ones. */
export function zones(spec: Scale): Zone[] {
  const warn = position(spec.warn, spec.min, spec.max);
  const critical = position(spec.critical, spec.min, spec.max);
  if (warn === null || critical === null) return [];
  const [low, high] = [Math.min(warn, critical), Math.max(warn, critical)];
  const levels: Zone['level'][] = spec.higherIsBetter ? ['critical', 'warn', 'ok'] : ['ok', 'warn', 'critical'];
  const edges = [0, low, high, 1];
  return levels
    .map((level, i) => ({ from: edges[i] ?? 0, to: edges[i + 1] ?? 1, level }))
    .filter((zone) => zone.to > zone.from);
}

function n(value: number): string {
  return value.toFixed(2);
}

/** Paths through evenly spaced values within `width` by `height`: a line, broken at gaps, and the band around it. */
export function sparkPath(
  { mean, low, high }: { mean: readonly Value[]; low: readonly Value[]; high: readonly Value[] },
  width: number,
  height: number,
): { line: string; band: string } {
  const present = [...mean, ...low, ...high].filter(known);
  if (mean.filter(known).length < 2) return { line: '', band: '' };
  const bottom = Math.min(...present);
  const top = Math.max(...present);
  const pad = 3;
  const span = top - bottom || 1;
  const x = (i: number): string => n((i / (mean.length - 1)) * width);
  const y = (v: number): string =>
    n(top === bottom ? height / 2 : pad + (1 - (v - bottom) / span) * (height - 2 * pad));
  let line = '';
  let band = '';
  let lower = '';
  mean.forEach((v, i) => {
    line += known(v) ? `${known(mean[i - 1]) ? 'L' : 'M'}${x(i)} ${y(v)}` : '';
    const [a, b] = [low[i], high[i]];
    const [before, after] = [known(low[i - 1]) && known(high[i - 1]), known(low[i + 1]) && known(high[i + 1])];
    if (!known(a) || !known(b)) return;
    band += `${before ? 'L' : 'M'}${x(i)} ${y(b)}`;
    lower = `L${x(i)} ${y(a)}${before ? lower : ''}`;
    if (!after) band += `${lower}Z`;
  });
  return { line, band };
}

type Value = number | null;

function known(value: Value | undefined): value is number {
  return value !== null && value !== undefined && Number.isFinite(value);
}

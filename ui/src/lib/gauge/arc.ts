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

/** A polyline path through evenly spaced values, broken at gaps, within `width` by `height`. */
export function sparkPath(values: readonly (number | null)[], width: number, height: number): string {
  const present = values.filter((v): v is number => v !== null && Number.isFinite(v));
  if (present.length < 2) return '';
  const low = Math.min(...present);
  const high = Math.max(...present);
  const pad = 3;
  const span = high - low || 1;
  let path = '';
  let pen = false;
  values.forEach((v, i) => {
    if (v === null || !Number.isFinite(v)) {
      pen = false;
      return;
    }
    const x = (i / (values.length - 1)) * width;
    const y = high === low ? height / 2 : pad + (1 - (v - low) / span) * (height - 2 * pad);
    path += `${pen ? 'L' : 'M'}${n(x)} ${n(y)}`;
    pen = true;
  });
  return path;
}

// A drawn figure on its way into the page. The drawing is parsed as XML and copied element by element through a list
// of what a figure may consist of: no script, no link, no style, no reference to anything outside.
import type { Figure } from '../contract';

const SVG = 'http://www.w3.org/2000/svg';
const ELEMENTS = new Set([
  'svg',
  'g',
  'path',
  'line',
  'polyline',
  'polygon',
  'rect',
  'circle',
  'ellipse',
  'text',
  'tspan',
  'title',
  'desc',
  'defs',
  'clipPath',
]);
const ATTRIBUTES = new Set([
  'viewBox',
  'd',
  'points',
  'x',
  'y',
  'x1',
  'y1',
  'x2',
  'y2',
  'cx',
  'cy',
  'r',
  'rx',
  'ry',
  'dx',
  'dy',
  'width',
  'height',
  'transform',
  'id',
  'fill',
  'fill-opacity',
  'fill-rule',
  'stroke',
  'stroke-width',
  'stroke-opacity',
  'stroke-dasharray',
  'stroke-linecap',
  'stroke-linejoin',
  'opacity',
  'font-family',
  'font-size',
  'font-weight',
  'font-style',
  'text-anchor',
  'dominant-baseline',
  'letter-spacing',
  'clip-path',
  'shape-rendering',
]);
/** More elements than any figure has: what is beyond is a broken answer. */
const MOST = 20_000;

/** The figure as an element of its own, or `null` when it is not an SVG. */
export function drawing(svg: string): SVGSVGElement | null {
  const parsed = new DOMParser().parseFromString(svg, 'image/svg+xml');
  const root = parsed.documentElement;
  if (!root || root.localName !== 'svg' || parsed.querySelector('parsererror')) return null;
  const budget = { left: MOST };
  const copy = clean(root, budget);
  return copy as SVGSVGElement | null;
}

function clean(source: Element, budget: { left: number }): SVGElement | null {
  budget.left -= 1;
  if (budget.left < 0 || !ELEMENTS.has(source.localName)) return null;
  const copy = document.createElementNS(SVG, source.localName);
  for (const { name, value } of Array.from(source.attributes)) {
    const reference = /url\s*\(/i.test(value) && !/^url\(#[\w-]+\)$/.test(value);
    if (ATTRIBUTES.has(name) && !reference) copy.setAttribute(name, value);
  }
  for (const child of Array.from(source.childNodes)) {
    if (child.nodeType === Node.TEXT_NODE) copy.append(child.textContent ?? '');
    else if (child instanceof Element) {
      const inner = clean(child, budget);
      if (inner) copy.append(inner);
    }
  }
  return copy;
}

/** Index of the sample nearest to `x` (CSS pixels of the figure). `null` when there are none. */
export function nearest(figure: Pick<Figure, 'times' | 'plot' | 'xMin' | 'xMax'>, x: number): number | null {
  const { times, plot, xMin, xMax } = figure;
  if (times.length === 0 || plot.width <= 0) return null;
  const at = xMin + ((x - plot.left) / plot.width) * (xMax - xMin);
  let low = 0;
  let high = times.length - 1;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((times[middle] ?? 0) < at) low = middle + 1;
    else high = middle;
  }
  const before = times[low - 1];
  const here = times[low] ?? 0;
  return before !== undefined && at - before < here - at ? low - 1 : low;
}

/** Where sample `index` lies, in CSS pixels of the figure. */
export function place(figure: Figure, index: number, value: number | null): { x: number; y: number | null } {
  const { plot, xMin, xMax, yMin, yMax } = figure;
  const time = figure.times[index] ?? xMin;
  const x = plot.left + (xMax > xMin ? (time - xMin) / (xMax - xMin) : 0) * plot.width;
  if (value === null || !(yMax > yMin)) return { x, y: null };
  const t = Math.min(1, Math.max(0, (value - yMin) / (yMax - yMin)));
  return { x, y: plot.top + (1 - t) * plot.height };
}

import { describe, expect, it } from 'vitest';
import { BOX, arcPath, point, position, sparkPath, tickPath, zones } from './arc';
import { drawing, nearest, place } from './figure';

const scale = { min: 0, max: 100, warn: 50, critical: 30, higherIsBetter: true };

describe('the arc', () => {
  it('places values on the scale and pins those off it', () => {
    expect([position(0, 0, 100), position(25, 0, 100), position(100, 0, 100)]).toEqual([0, 0.25, 1]);
    expect([position(-5, 0, 100), position(1e9, 0, 100)]).toEqual([0, 1]);
    expect(position(5, -10, 10)).toBe(0.75);
  });
  it('has no position for a missing number or an empty scale', () => {
    expect([position(null, 0, 100), position(Number.NaN, 0, 100), position(1, 5, 5), position(1, 9, 5)]).toEqual([
      null,
      null,
      null,
      null,
    ]);
  });
  it('is open at the bottom and symmetric', () => {
    const [x0, y0] = point(0, 60);
    const [x1, y1] = point(1, 60);
    expect(x0 + x1).toBeCloseTo(2 * BOX.cx);
    expect(y0).toBeCloseTo(y1);
    expect(y0).toBeGreaterThan(BOX.cy);
    expect(point(0.5, 60)[1]).toBeCloseTo(BOX.cy - 60);
  });
  it('sets the large-arc flag only past half a turn', () => {
    expect(arcPath(0, 1, 58)).toContain('A58 58 0 1 1');
    expect(arcPath(0, 0.5, 58)).toContain('A58 58 0 0 1');
    expect(arcPath(0.5, 0.5, 58)).toBe('');
    expect(tickPath(0.5, 50, 74)).toBe('M80.00 28.00L80.00 4.00');
  });
  it('colors zones by whether higher is better', () => {
    expect(zones(scale)).toEqual([
      { from: 0, to: 0.3, level: 'critical' },
      { from: 0.3, to: 0.5, level: 'warn' },
      { from: 0.5, to: 1, level: 'ok' },
    ]);
    expect(zones({ ...scale, warn: 60, critical: 80, higherIsBetter: false }).map((z) => z.level)).toEqual([
      'ok',
      'warn',
      'critical',
    ]);
  });
  it('omits zones outside the scale', () =>
    expect(zones({ ...scale, warn: 0, critical: 0 })).toEqual([{ from: 0, to: 1, level: 'ok' }]));
});

describe('a sparkline', () => {
  const of = (mean: (number | null)[], low = mean, high = mean): { line: string; band: string } =>
    sparkPath({ mean, low, high }, 100, 40);
  it('has a gap where there is no value', () => {
    const { line, band } = of([1, 2, null, 3, 4], [0, 2, null, 3, 4]);
    expect(line.match(/M/g)).toHaveLength(2);
    expect(band.match(/M/g)).toHaveLength(2);
    expect(band.match(/Z/g)).toHaveLength(2);
  });
  it('stays inside its box and shows a spike within a step', () => {
    const { line, band } = of([5, 1, 9, 10], [5, 1, -4, 10], [5, 1, 1e9, 10]);
    const ys = (path: string): number[] => [...path.matchAll(/[ML]\S+ (\S+?)(?=[MLZ]|$)/g)].map((m) => Number(m[1]));
    expect(Math.max(...ys(line), ...ys(band))).toBeLessThanOrEqual(40);
    expect(Math.min(...ys(band))).toBe(3);
    expect(Math.min(...ys(line))).toBeGreaterThan(30);
  });
  it('needs at least two values', () => expect([of([]).line, of([null, 1]).line]).toEqual(['', '']));
});

const figure = {
  svg: '',
  width: 200,
  height: 100,
  plot: { left: 20, top: 10, width: 160, height: 80 },
  xMin: 1000,
  xMax: 2000,
  yMin: 0,
  yMax: 10,
  times: [1000, 1250, 1500, 2000],
  series: [],
};

describe('the crosshair', () => {
  it.each([
    [20, 0],
    [-50, 0],
    [60, 1],
    [79, 1],
    [81, 2],
    [139, 2],
    [141, 3],
    [999, 3],
  ])('at %d px is at sample %d', (x, i) => expect(nearest(figure, x)).toBe(i));
  it('has no position without samples', () => expect(nearest({ ...figure, times: [] }, 50)).toBeNull());
  it('follows the value, and has no height in a gap', () => {
    expect(place(figure, 2, 5)).toEqual({ x: 100, y: 50 });
    expect(place(figure, 2, null)).toEqual({ x: 100, y: null });
  });
});

describe('a sanitized figure', () => {
  const svg = (inside: string): string =>
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 1 1" onload="x()">${inside}</svg>`;
  it('keeps its shapes', () => {
    const out = drawing(svg('<g stroke="#fff"><path d="M0 0L1 1"/><text x="1">12:00</text></g>'));
    expect(out?.querySelector('path')?.getAttribute('d')).toBe('M0 0L1 1');
    expect(out?.querySelector('text')?.textContent).toBe('12:00');
  });
  it('drops scripts, links, styles, handlers and external references', () => {
    const out = drawing(
      svg(
        '<script>x()</script><image href="http://x/"/><a href="javascript:x()"><text>t</text></a><style>*{}</style><foreignObject/><use href="#a"/><path style="fill:red" onclick="x()" fill="url(http://x/)" d="M0 0"/>',
      ),
    );
    const text = out?.outerHTML ?? '';
    for (const bad of ['script', 'image', 'href', 'style', 'foreignObject', 'use', 'onclick', 'onload', 'http://x'])
      expect(text).not.toContain(bad);
    expect(out?.querySelector('path')).not.toBeNull();
  });
  it('is null when the input is not an SVG', () => {
    expect(drawing('<html xmlns="http://www.w3.org/1999/xhtml"><body/></html>')).toBeNull();
    expect(drawing('')).toBeNull();
  });
});

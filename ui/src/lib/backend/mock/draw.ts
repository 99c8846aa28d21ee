// A drawing in the manner of what the panel draws: axes, thresholds, one line.
import type { Extreme, FigureStyle, GaugeFigure, GaugeSpec } from '../../contract';
import { random } from './data';

/** Pixels that a time such as "08:22" needs, with a gap to the next. */
const TICK_WIDTH = 48;

/** As many time labels as fit side by side; those at the ends stay inside the plot. */
function tickPlaces(width: number): { share: number; anchor: 'start' | 'middle' | 'end' }[] {
  const steps = Math.min(4, Math.max(1, Math.floor(width / TICK_WIDTH) - 1));
  return Array.from({ length: steps + 1 }, (_, i) => ({
    share: i / steps,
    anchor: i === 0 ? 'start' : i === steps ? 'end' : 'middle',
  }));
}

export function draw(spec: GaugeSpec, level: number, hours: number, style: FigureStyle, hostile: boolean): GaugeFigure {
  const now = Date.now();
  const n = 160;
  const small = style.height < 100;
  const plot = {
    left: small ? 0 : 44,
    top: 6,
    width: style.width - (small ? 0 : 56),
    height: style.height - (small ? 10 : 30),
  };
  const xMin = now - hours * 3_600_000;
  let y = level;
  const values = Array.from({ length: n }, (_, i) => {
    y += (random() - 0.5) * level * 0.09 + (level - y) * 0.08;
    return i > 40 && i < 46 ? null : Math.max(0, y);
  });
  const times = values.map((_, i) => Math.round(xMin + (i / (n - 1)) * (now - xMin)));
  const real = values.filter((v): v is number => v !== null).sort((a, b) => a - b);
  const yMax = Math.max(spec.max, (real[real.length - 1] ?? 0) * 1.05);
  const px = (i: number): number => plot.left + (i / (n - 1)) * plot.width;
  const py = (v: number): number => plot.top + (1 - v / yMax) * plot.height;
  let d = '';
  let pen = false;
  values.forEach((v, i) => {
    if (v === null) pen = false;
    else {
      d += `${pen ? 'L' : 'M'}${px(i).toFixed(1)} ${py(v).toFixed(1)}`;
      pen = true;
    }
  });
  // Single samples far out, as they happen: the band shows them, the line hardly.
  const spread = (i: number, far: number): number => level * (i % 37 === 11 ? far : 0.02 + (i % 5) * 0.006);
  const low = values.map((v, i) => (v === null ? null : Math.max(0, v - spread(i, 0.3))));
  const high = values.map((v, i) => (v === null ? null : Math.min(yMax, v + spread(i + 19, 0.2))));
  const edge = (column: (number | null)[], i: number): string => `${px(i).toFixed(1)} ${py(column[i] ?? 0).toFixed(1)}`;
  const runs = values.reduce<number[][]>(
    (all, v, i) => {
      if (v === null) return [...all, []];
      all[all.length - 1]?.push(i);
      return all;
    },
    [[]],
  );
  const band = runs
    .filter((run) => run.length > 1)
    .map((run) => `M${[...run.map((i) => edge(high, i)), ...[...run].reverse().map((i) => edge(low, i))].join('L')}Z`)
    .join('');
  const extreme = (column: (number | null)[], pick: (...all: number[]) => number): Extreme | null => {
    const found = column.filter((v): v is number => v !== null);
    if (found.length === 0) return null;
    const value = pick(...found);
    return { value, at: times[column.indexOf(value)] ?? now, stepMs: 0 };
  };
  const grid = [0, 0.5, 1]
    .map(
      (t) =>
        `<line x1="${plot.left}" x2="${plot.left + plot.width}" y1="${py(t * yMax)}" y2="${py(t * yMax)}" stroke="${style.grid}"/>${small ? '' : `<text x="${plot.left - 6}" y="${py(t * yMax) + 4}" text-anchor="end" font-size="11" font-family="Inter Variable" fill="${style.text}">${Math.round(t * yMax)}</text>`}`,
    )
    .join('');
  const ticks = small
    ? ''
    : tickPlaces(plot.width)
        .map(({ share, anchor }) => {
          const time = new Date(xMin + share * (now - xMin)).toTimeString().slice(0, 5);
          return `<text x="${plot.left + share * plot.width}" y="${style.height - 6}" text-anchor="${anchor}" font-size="11" font-family="Inter Variable" fill="${style.text}">${time}</text>`;
        })
        .join('');
  const lines = [
    [spec.warn, style.warn],
    [spec.critical, style.critical],
  ]
    .map(
      ([v, c]) =>
        `<line x1="${plot.left}" x2="${plot.left + plot.width}" y1="${py(Number(v))}" y2="${py(Number(v))}" stroke="${c}" stroke-dasharray="4 4"/>`,
    )
    .join('');
  const evil = hostile
    ? '<script>document.title="owned"</script><image href="http://127.0.0.1:1/x"/><a href="http://127.0.0.1:1/y"><text>x</text></a>'
    : '';
  return {
    figure: {
      svg: `<svg xmlns="http://www.w3.org/2000/svg" width="${style.width}" height="${style.height}" viewBox="0 0 ${style.width} ${style.height}">${evil}${grid}${lines}${ticks}<path d="${band}" fill="${style.line}" fill-opacity="0.26"/><path d="${d}" fill="none" stroke="${style.line}" stroke-width="1.6"/></svg>`,
      width: style.width,
      height: style.height,
      plot,
      xMin,
      xMax: now,
      yMin: 0,
      yMax,
      times,
      series: [{ name: spec.title, values, low, high }],
    },
    lowest: extreme(low, Math.min),
    median: real[Math.floor(real.length / 2)] ?? null,
    highest: extreme(high, Math.max),
    last: values[values.length - 1] ?? null,
    note: hours > 168 ? 'Evaluated every 9 min: shorter changes may be missing.' : '',
  };
}

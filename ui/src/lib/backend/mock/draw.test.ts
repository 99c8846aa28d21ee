import { expect, test } from 'vitest';
import type { GaugeSpec } from '../../contract';
import { draw } from './draw';

/** Generous width of "08:22" at 11 px. */
const LABEL = 32;

test.each([120, 169, 240, 330, 700])('time labels of a figure of %d px neither touch nor leave it', (width) => {
  const spec = { title: 'Health', min: 0, max: 100, warn: 80, critical: 60 } as GaugeSpec;
  const colors = { line: '', grid: '', text: '', warn: '', critical: '', ok: '' };
  const { figure } = draw(spec, 57, 6, { ...colors, width, height: 145, utcOffsetMinutes: 0 }, false);
  const labels = [...figure.svg.matchAll(/<text x="([\d.]+)"[^>]*text-anchor="(\w+)"[^>]*>\d\d:\d\d</g)].map(
    ([, x, anchor]) => Number(x) - { start: 0, middle: LABEL / 2, end: LABEL }[anchor as 'start' | 'middle' | 'end'],
  );
  expect(labels.length).toBeGreaterThanOrEqual(2);
  labels.forEach((left, i) => {
    expect(left + LABEL).toBeLessThanOrEqual(labels[i + 1] ?? width);
  });
});

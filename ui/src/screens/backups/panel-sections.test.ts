import { describe, expect, it } from 'vitest';
import { panelSections } from './panel-sections';

const panel = (title: string, section: string[], y: number) => ({
  id: 1,
  title,
  kind: 'stat',
  section,
  x: 0,
  y,
  w: 12,
  h: 8,
});

describe('panel sections', () => {
  it('groups panels by tab and row, each from its own first grid row', () => {
    const sections = panelSections([
      panel('a', [], 0),
      panel('b', ['Tab: One', 'Row: Top'], 8),
      panel('c', ['Tab: One', 'Row: Top'], 16),
      panel('d', ['Tab: Two'], 24),
    ]);
    expect(sections.map((s) => [s.path.join(' › '), s.top, s.panels.map((p) => p.title).join('')])).toEqual([
      ['', 0, 'a'],
      ['Tab: One › Row: Top', 8, 'bc'],
      ['Tab: Two', 24, 'd'],
    ]);
    expect(sections.every((s) => s.unit === 8)).toBe(true);
  });
});

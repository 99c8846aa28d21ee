// The panels of a dashboard by the tabs and rows that they are in.
import type { PanelOutline } from '../../lib/contract';

export interface PanelSection {
  key: string;
  /** Tabs and rows, from the outside in; empty for panels that are in none. */
  path: string[];
  panels: PanelOutline[];
  /** First grid row of the section. */
  top: number;
  /** Height of a grid row in pixels: long dashboards are drawn flatter. */
  unit: number;
}

/** Consecutive panels of one tab or row belong together; classic rows without a title do not split the grid. */
export function panelSections(panels: readonly PanelOutline[]): PanelSection[] {
  const height = Math.max(1, ...panels.map((p) => p.y + p.h));
  const unit = height > 60 ? 5 : height > 30 ? 8 : 12;
  const sections: PanelSection[] = [];
  for (const panel of panels) {
    const last = sections.at(-1);
    if (last && last.path.join('\n') === panel.section.join('\n')) {
      last.panels.push(panel);
      last.top = Math.min(last.top, panel.y);
    } else {
      sections.push({ key: `${sections.length}`, path: panel.section, panels: [panel], top: panel.y, unit });
    }
  }
  return sections;
}

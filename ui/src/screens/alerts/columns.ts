// Columns of the alert list: which exist, how wide each is, and which are dropped first when space is short.
import type { AlertSort } from '../../lib/contract';
import { text } from '../../lib/text/alerts';

export const BUILT_IN = ['severity', 'tenant', 'value', 'since', 'receivers', 'state'] as const;

export interface Column {
  id: string;
  title: string;
  /** Sort order that a click on its heading selects. */
  sort?: AlertSort;
  end?: boolean;
  /** Least width, in pixels. */
  min: number;
  /** Width as the grid takes it. */
  width: string;
  /** The label that it shows. */
  label?: string;
}

const KNOWN: Record<(typeof BUILT_IN)[number], Omit<Column, 'id'>> = {
  severity: { title: text.columns.severity, sort: 'severity', min: 92, width: '92px' },
  tenant: { title: text.columns.tenant, sort: 'tenant', min: 110, width: 'minmax(110px, 1fr)' },
  value: { title: text.columns.value, sort: 'value', end: true, min: 76, width: '76px' },
  since: { title: text.columns.since, sort: 'since', min: 104, width: '104px' },
  receivers: { title: text.columns.receivers, min: 100, width: 'minmax(100px, 0.8fr)' },
  state: { title: text.columns.state, sort: 'state', min: 140, width: 'minmax(140px, 178px)' },
};
const NAME: Column = { id: 'name', title: text.columns.name, sort: 'name', min: 220, width: 'minmax(220px, 1.8fr)' };
const GAP = 12;
const SIDES = 32;
/** Dropped in this order on a narrow screen; label columns before all of these. */
const FIRST = ['receivers', 'severity', 'tenant', 'value', 'since'];

export const titleOf = (id: string): string =>
  id.startsWith('label:') ? id.slice(6) : (KNOWN[id as keyof typeof KNOWN]?.title ?? id);

function column(id: string): Column | null {
  if (id.startsWith('label:'))
    return { id, title: id.slice(6), min: 100, width: 'minmax(100px, 0.9fr)', label: id.slice(6) };
  const known = KNOWN[id as keyof typeof KNOWN];
  return known ? { id, ...known } : null;
}

/** Narrower than this there is room for the alert's name only. */
const NAME_ONLY = 300;

/** The columns that fit into `width` pixels. The alert's name and, if it fits at all, the last column that is left stay. */
export function fitting(chosen: readonly string[], width: number): Column[] {
  if (width < NAME_ONLY) return [NAME];
  const columns = chosen.map(column).filter((c) => c !== null);
  const room = (list: Column[]): number => [NAME, ...list].reduce((sum, c) => sum + c.min + GAP, SIDES - GAP);
  while (columns.length > 1 && room(columns) > width) {
    const label = columns.map((c) => c.label !== undefined).lastIndexOf(true);
    const weak = FIRST.map((id) => columns.findIndex((c) => c.id === id)).find((i) => i >= 0);
    columns.splice(label >= 0 ? label : (weak ?? columns.length - 1), 1);
  }
  return [NAME, ...columns];
}

/** The grid's template. In a narrow list the state is as narrow as it can be, and the name gives way to it. */
export const template = (columns: readonly Column[], width: number): string =>
  columns
    .map((c) => {
      if (width < 720 && c.id === 'state') return '140px';
      return width < 440 && c.id === 'name' ? 'minmax(0, 1fr)' : c.width;
    })
    .join(' ');

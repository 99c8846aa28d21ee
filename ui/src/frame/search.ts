// What the palette lists, and how well it fits a query.
import type { IconName } from '../lib/components/Icon.svelte';

export interface Command {
  id: string;
  group: string;
  title: string;
  icon: IconName;
  /** Keys that run it, in order. */
  keys?: string[];
  /** More search terms. */
  keywords?: string;
  run: () => void;
}

/** Section of the palette with what fits best in it. */
export interface Section {
  title: string;
  items: Command[];
}

/** The lower the better: the title starts with the first term, a word of it does, it contains it, or only its keywords do. */
export function rank(command: Command, terms: readonly string[]): number {
  const title = command.title.toLowerCase();
  const first = terms[0] ?? '';
  return title.startsWith(first) ? 0 : title.includes(` ${first}`) ? 1 : title.includes(first) ? 2 : 3;
}

export const termsOf = (query: string): string[] => query.toLowerCase().split(/\s+/).filter(Boolean);

/** Commands that contain every word of `query`; those whose title starts with the first word come first. */
export function search(list: readonly Command[], query: string): Command[] {
  const terms = termsOf(query);
  if (terms.length === 0) return [...list];
  return list
    .filter((c) => terms.every((term) => `${c.title} ${c.group} ${c.keywords ?? ''}`.toLowerCase().includes(term)))
    .sort((a, b) => rank(a, terms) - rank(b, terms));
}

/** Sections by their best item, equals in the order given; empty ones are left out. */
export function arrange(sections: readonly Section[], query: string): Section[] {
  const terms = termsOf(query);
  const bestOf = (section: Section): number => Math.min(...section.items.map((item) => rank(item, terms)));
  return sections
    .filter((section) => section.items.length > 0)
    .map((section) => ({ section, best: bestOf(section) }))
    .sort((a, b) => a.best - b.best)
    .map(({ section }) => section);
}

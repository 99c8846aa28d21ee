// How the sections of a runbook are arranged on its page.
import type { RunbookView } from '../../lib/contract';

type Section = RunbookView['sections'][number];
/** In this order beside the steps. */
const ASIDE = ['escalation', 'meaning', 'impact'];
const titleOf = (section: Section): string => section.title.toLowerCase();

/** A document stays in its own order; only its diagnosis is taken out. */
export function arrange(view: RunbookView): { diagnosis: Section | null; main: Section[]; aside: Section[] } {
  const diagnosis = view.sections.find((s) => titleOf(s) === 'diagnosis') ?? null;
  const isAside = (s: Section): boolean => view.source !== 'document' && ASIDE.includes(titleOf(s));
  return {
    diagnosis,
    main: view.sections.filter((s) => s !== diagnosis && !isAside(s)),
    aside: view.sections.filter(isAside).sort((a, b) => ASIDE.indexOf(titleOf(a)) - ASIDE.indexOf(titleOf(b))),
  };
}

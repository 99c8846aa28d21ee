// Texts that repeat the old value of a rule: where they stand, and which of them can be changed here.
import type { RelatedText } from '../../lib/contract';
import { text } from '../../lib/text/rules';

/** A page that comes with the panel has no file. */
export const isEditable = (one: RelatedText): boolean => one.place.kind === 'annotation' || one.place.file !== '';

export function place({ place: at }: RelatedText): string {
  if (at.kind === 'annotation') return text.related.annotation(at.name);
  return text.related.runbook(at.file || at.page, at.line);
}

/** The same place with the same text; the new value may differ. */
export const sameText = (a: RelatedText, b: RelatedText): boolean => place(a) === place(b) && a.before === b.before;

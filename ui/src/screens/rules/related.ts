// Texts that repeat the old value of a rule: where they stand.
import type { RelatedText } from '../../lib/contract';
import { text } from '../../lib/text/rules';

export const place = ({ place: at }: RelatedText): string =>
  at.kind === 'annotation' ? text.related.annotation(at.name) : text.related.runbook(at.file, at.line);

export const sameText = (a: RelatedText, b: RelatedText): boolean => place(a) === place(b) && a.before === b.before;

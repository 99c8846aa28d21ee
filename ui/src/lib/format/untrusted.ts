// Text that somebody else wrote: label values, annotations, error bodies. It is only ever shown as text; here it
// is also kept from being enormous, and from lying about its own order or content with invisible characters.

// C0 and C1 controls (but not tab and newline), soft hyphen, zero-width and bidirectional controls, BOM, tag characters.
const HIDDEN =
  // eslint-disable-next-line no-control-regex
  /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u00ad\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff\ufff9-\ufffb]|[\u{e0000}-\u{e007f}]/gu;

/** Spells out characters that can't be seen: U+202E becomes "⟨U+202E⟩". */
export function spell(text: string): string {
  return text.replace(HIDDEN, (c) => `⟨U+${(c.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, '0')}⟩`);
}

/** At most `limit` characters, never half of a pair; says how much is left out. */
export function clip(text: string, limit: number): { text: string; more: number } {
  if (text.length <= limit) return { text, more: 0 };
  let end = limit;
  const last = text.charCodeAt(end - 1);
  if (last >= 0xd800 && last <= 0xdbff) end -= 1;
  return { text: text.slice(0, end), more: text.length - end };
}

/** Clipped, then spelled out: what a cell shows. */
export function safe(text: string, limit = 256): string {
  const part = clip(text, limit);
  return spell(part.text) + (part.more > 0 ? '…' : '');
}

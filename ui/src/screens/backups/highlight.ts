// Tells keys, strings, numbers and comments of JSON and YAML apart, well enough for reading. Every character of the text
// comes back, in order.

export interface Piece {
  kind: 'plain' | 'key' | 'string' | 'number' | 'comment';
  text: string;
}

const TOKEN =
  /("(?:[^"\\\n]|\\.)*")(\s*:)?|('(?:[^'\n]|'')*')|(^[ \t-]*)([\w./-]+)(:)(?=\s|$)|(#[^\n]*)|(-?\b\d+(?:\.\d+)?(?:[eE][+-]?\d+)?\b|\b(?:true|false|null)\b)/gm;

export function pieces(text: string): Piece[] {
  const found: Piece[] = [];
  const add = (kind: Piece['kind'], part: string | undefined): void => {
    if (!part) return;
    const last = found.at(-1);
    if (last && last.kind === kind) last.text += part;
    else found.push({ kind, text: part });
  };
  let at = 0;
  for (const m of text.matchAll(TOKEN)) {
    add('plain', text.slice(at, m.index));
    const [whole, double, colon, single, indent, key, mark, comment, number] = m;
    if (double !== undefined) {
      add(colon ? 'key' : 'string', double);
      add('plain', colon);
    } else if (single !== undefined) add('string', single);
    else if (key !== undefined) {
      add('plain', indent);
      add('key', key);
      add('plain', mark);
    } else if (comment !== undefined) add('comment', comment);
    else add('number', number);
    at = m.index + whole.length;
  }
  add('plain', text.slice(at));
  return found;
}

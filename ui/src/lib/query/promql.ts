// Tells the parts of a PromQL expression apart, well enough for reading. Every character comes back, in order.

export interface PromPiece {
  kind: 'plain' | 'word' | 'metric' | 'label' | 'string' | 'number' | 'comment';
  text: string;
}

const WORDS = new Set([
  'and',
  'or',
  'unless',
  'on',
  'ignoring',
  'by',
  'without',
  'group_left',
  'group_right',
  'offset',
  'bool',
  'atan2',
]);
const TOKEN =
  /("(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*'|`[^`]*`)|(#[^\n]*)|((?:\d+(?:\.\d+)?(?:[eE][+-]?\d+)?|0x[\da-f]+|\d+)(?:ms|[smhdwy])?(?:\d+(?:ms|[smhdwy]))*)|([a-zA-Z_:][\w:]*)/g;

export function promql(text: string): PromPiece[] {
  const pieces: PromPiece[] = [];
  const add = (kind: PromPiece['kind'], part: string): void => {
    if (!part) return;
    const last = pieces.at(-1);
    if (last && last.kind === kind) last.text += part;
    else pieces.push({ kind, text: part });
  };
  let at = 0;
  let braces = 0;
  // After `by`, `on` and the like stands a list of labels.
  let list = false;
  for (const m of text.matchAll(TOKEN)) {
    const between = text.slice(at, m.index);
    for (const c of between) {
      if (c === '{') braces += 1;
      if (c === '}') braces -= 1;
      if (c === ')') list = false;
    }
    add('plain', between);
    const [whole, string, comment, number, name] = m;
    const after = text.slice(m.index + whole.length);
    if (string !== undefined) add('string', string);
    else if (comment !== undefined) add('comment', comment);
    else if (number !== undefined) add('number', number);
    else if (name !== undefined) {
      const lower = name.toLowerCase();
      if (braces > 0) add('label', name);
      else if (WORDS.has(lower)) {
        add('word', name);
        list = /^(on|ignoring|by|without|group_left|group_right)$/.test(lower) && /^\s*\(/.test(after);
      } else if (list) add('label', name);
      else if (/^\s*\(/.test(after) || /^\s*(by|without)\b/i.test(after)) add('word', name);
      else add('metric', name);
    }
    at = m.index + whole.length;
  }
  add('plain', text.slice(at));
  return pieces;
}

/** Two texts line by line: what both have, what only the first has, what only the second has. */
export function lineDiff(before: string, after: string): { kind: 'same' | 'gone' | 'new'; text: string }[] {
  const [a, b] = [before.trimEnd().split('\n'), after.trimEnd().split('\n')];
  // Longest common lines; expressions are short.
  const most: number[][] = Array.from({ length: a.length + 1 }, () => Array<number>(b.length + 1).fill(0));
  const of = (i: number, j: number): number => most[i]?.[j] ?? 0;
  for (let i = a.length - 1; i >= 0; i -= 1)
    for (let j = b.length - 1; j >= 0; j -= 1)
      (most[i] as number[])[j] = a[i] === b[j] ? of(i + 1, j + 1) + 1 : Math.max(of(i + 1, j), of(i, j + 1));
  const lines: { kind: 'same' | 'gone' | 'new'; text: string }[] = [];
  let [i, j] = [0, 0];
  while (i < a.length || j < b.length) {
    if (i < a.length && j < b.length && a[i] === b[j]) {
      lines.push({ kind: 'same', text: a[i++] ?? '' });
      j += 1;
    } else if (i < a.length && (j >= b.length || of(i + 1, j) >= of(i, j + 1)))
      lines.push({ kind: 'gone', text: a[i++] ?? '' });
    else lines.push({ kind: 'new', text: b[j++] ?? '' });
  }
  return lines;
}

import { expect, test } from 'vitest';
import { pieces } from './highlight';

const kinds = (text: string): string[] =>
  pieces(text)
    .filter((p) => p.kind !== 'plain')
    .map((p) => `${p.kind} ${p.text}`);

test('keys, strings, numbers and comments are told apart in JSON and YAML', () => {
  expect(kinds('{"a": "b", "n": -1.5e3, "t": true}')).toEqual([
    'key "a"',
    'string "b"',
    'key "n"',
    'number -1.5e3',
    'key "t"',
    'number true',
  ]);
  expect(kinds('# why\nglobal:\n  - job: "x" # here\n    every: 15s')).toEqual([
    'comment # why',
    'key global',
    'key job',
    'string "x"',
    'comment # here',
    'key every',
  ]);
});

test('no character of a file is lost or changed by its colours', () => {
  for (const text of ['', '"', '"\\"', "it's: 'x''y'", 'a\r\n\tb: [1,2]\n#', '\u202e"x', `{"${'\\'.repeat(99)}`])
    expect(
      pieces(text)
        .map((p) => p.text)
        .join(''),
    ).toBe(text);
});

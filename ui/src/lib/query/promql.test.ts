import { expect, test } from 'vitest';
import { lineDiff, promql } from './promql';

test('an expression is tokenized without losing text', () => {
  const text =
    'aether:x:5m{tenant_id=~"a|b"} < 20 and on (tenant_id)\n(sum by (tenant_id) (rate(req_total[5m])) > 0) # why';
  const pieces = promql(text);
  expect(pieces.map((p) => p.text).join('')).toBe(text);
  const of = (kind: string): string[] => pieces.filter((p) => p.kind === kind).map((p) => p.text);
  expect(of('metric')).toEqual(['aether:x:5m', 'req_total']);
  expect(of('word')).toEqual(['and', 'on', 'sum', 'by', 'rate']);
  expect(of('label')).toEqual(['tenant_id', 'tenant_id', 'tenant_id']);
  expect(of('string')).toEqual(['"a|b"']);
  expect(of('number')).toEqual(['20', '5m', '0']);
  expect(of('comment')).toEqual(['# why']);
});

test('a diff marks common, removed and added lines', () => {
  expect(lineDiff('a < 3\nand\nb > 0', 'a < 3\nand on (x)\nb > 0')).toEqual([
    { kind: 'same', text: 'a < 3' },
    { kind: 'gone', text: 'and' },
    { kind: 'new', text: 'and on (x)' },
    { kind: 'same', text: 'b > 0' },
  ]);
  expect(lineDiff('', 'x')).toEqual([
    { kind: 'gone', text: '' },
    { kind: 'new', text: 'x' },
  ]);
});

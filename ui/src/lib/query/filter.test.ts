import { describe, expect, it, test } from 'vitest';
import type { Matcher } from '../contract';
import { describeMatchers, isMatcher, labelsFilter, matcherText, parseMatchers, showMatcher, tokenize } from './filter';

describe('the filter box', () => {
  it.each([
    ['a b,c', ['a', 'b', 'c']],
    ['severity="critical" tenant_id=~"vip-.*|a b"', ['severity="critical"', 'tenant_id=~"vip-.*|a b"']],
    ['x="a\\"b, c"', ['x="a\\"b, c"']],
    [' , ', []],
  ])('splits %s', (text, tokens) => expect(tokenize(text)).toEqual({ tokens, open: false }));

  it('reports an unterminated quote', () => expect(tokenize('a="b c').open).toBe(true));

  it('quotes label values so that they parse to the same value', () => {
    const value = 'say "hi", C:\\temp\nnext';
    const text = matcherText('path', value);
    expect(tokenize(text).tokens).toEqual([text]);
    expect(parseMatchers(text).matchers).toEqual([{ name: 'path', value, isRegex: false, isEqual: true }]);
  });

  it('distinguishes words from matchers', () => {
    expect(isMatcher('severity="x"')).toBe(true);
    expect(isMatcher('high=ish')).toBe(true);
    expect(isMatcher('vip-customer')).toBe(false);
  });
});

describe('matchers of a window', () => {
  it('parse all four operators', () => {
    const { matchers, problem } = parseMatchers('a="1" b!="2", c=~"3.*" d!~"4"');
    expect(problem).toBe('');
    expect(matchers.map(showMatcher)).toEqual(['a="1"', 'b!="2"', 'c=~"3.*"', 'd!~"4"']);
  });
  it.each(['word', 'a="open', '="x"', '""="x"', '{a="x"', 'a="x"y'])(
    'rejects %s with a description of the problem',
    (text) => expect(parseMatchers(text).problem).not.toBe(''),
  );
  it('are rejected when all of them match the empty string', () => expect(parseMatchers('a=""').problem).not.toBe(''));
  it('parse quoted and unquoted label names', () => {
    const { matchers, problem } = parseMatchers('größe.cm="9" "kube zone"!=a 1st=~"b"');
    expect(problem).toBe('');
    expect(matchers.map((m) => m.name)).toEqual(['größe.cm', 'kube zone', '1st']);
    const written = matchers.map(showMatcher);
    expect(written).toEqual(['"größe.cm"="9"', '"kube zone"!="a"', '"1st"=~"b"']);
    expect(parseMatchers(written.join(' ')).matchers).toEqual(matchers);
  });
  it('are none for an empty text', () => expect(parseMatchers('')).toEqual({ matchers: [], problem: '' }));
});

it('a filter from labels quotes their values and omits labels beyond the limit', () => {
  expect(labelsFilter({ alertname: 'A "b"', tenant_id: 'acme', zone: 'eu' }, 2)).toBe(
    'alertname="A \\"b\\"" tenant_id="acme"',
  );
});

test('matchers that mean every alert are said in words', () => {
  const one = (name: string, value: string, isEqual: boolean, isRegex = false): Matcher => ({
    name,
    value,
    isEqual,
    isRegex,
  });
  expect(describeMatchers([one('alertname', 'no-alert-has-this-name', false)])).toBe('Every alert');
  expect(describeMatchers([one('alertname', 'Watchdog', false)])).toBe('Every alert except Watchdog');
  expect(describeMatchers([one('alertname', '.+', true, true)])).toBe('Every alert');
  expect(describeMatchers([one('alertname', 'A', true), one('team', 'x', false)])).toBe('alertname="A" team!="x"');
});

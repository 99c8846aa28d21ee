import { describe, expect, test } from 'vitest';
import { fitting, template } from './columns';

const ALL = ['severity', 'tenant', 'value', 'since', 'receivers', 'label:job', 'label:zone', 'state'];
const ids = (width: number, chosen = ALL): string[] => fitting(chosen, width).map((c) => c.id);

describe('columns', () => {
  test('all columns fit a wide list, in the chosen order', () => {
    expect(ids(1600)).toEqual(['name', ...ALL]);
    expect(template(fitting(ALL, 1600), 1600).split(/ (?![^(]*\))/)).toHaveLength(9);
  });
  test('label columns are dropped before built-in ones, and the state stays', () => {
    expect(ids(1060)).toEqual(['name', 'severity', 'tenant', 'value', 'since', 'receivers', 'label:job', 'state']);
    expect(ids(760)).toEqual(['name', 'tenant', 'value', 'since', 'state']);
    expect(ids(300)).toEqual(['name', 'state']);
    expect(ids(300, ['value'])).toEqual(['name', 'value']);
    expect(ids(299)).toEqual(['name']);
  });
  test('in a very narrow list the name gives way to the state', () => {
    expect(template(fitting(ALL, 320), 320)).toBe('minmax(0, 1fr) 140px');
    expect(template(fitting(ALL, 600), 600)).toContain('minmax(220px, 1.8fr)');
  });
  test('an unknown column of a newer panel is ignored', () => {
    expect(ids(1600, ['mood', 'state'])).toEqual(['name', 'state']);
  });
});

import { describe, expect, it } from 'vitest';
import type { RestoreItem } from '../../lib/contract';
import { compareDashboard, compareItem, differencesFirst, usedMapping } from './restore-items';

const item = (more: Partial<RestoreItem>): RestoreItem =>
  ({ act: 'update', obstacle: null, changes: [], liveVersion: 3, dataSources: [], ...more }) as unknown as RestoreItem;

describe('restore items', () => {
  it('keeps only the mapping of data sources that the items use', () => {
    const uses = [{ reference: 'old', plugin: 'loki', places: ['Errors'], found: false }];
    expect(usedMapping({ old: 'new', other: 'x' }, [item({ dataSources: uses }), item({})])).toEqual({ old: 'new' });
    expect(usedMapping({ old: 'new' }, [])).toEqual({});
  });

  it('lists differences first and keeps the order otherwise', () => {
    const acts = { a: 'identical', b: 'update', c: undefined, d: 'create' } as const;
    const of = (name: keyof typeof acts) => (acts[name] ? item({ act: acts[name] }) : undefined);
    expect(differencesFirst(['a', 'b', 'c', 'd'] as const, of)).toEqual(['b', 'd', 'c', 'a']);
  });

  it('tells what would give more access from what only differs', () => {
    expect(compareItem(item({ obstacle: 'would-widen', act: 'choose' })).text).toBe('gives more access');
    expect(compareItem(item({ act: 'update' })).text).toBe('differs');
    expect(compareItem(item({ act: 'update', kind: 'annotations' })).text).toBe('incomplete');
    expect(compareItem(item({ act: 'create' })).text).toBe('missing');
  });

  it('tells what can’t be restored or compared from what differs', () => {
    expect(compareDashboard(item({ obstacle: 'unusable' })).text).toBe('can’t be restored');
    expect(compareDashboard(item({ obstacle: 'storage-unknown', liveVersion: null })).text).toBe('can’t be compared');
    expect(compareDashboard(item({ liveVersion: null })).text).toBe('deleted');
    expect(compareDashboard(item({})).text).toBe('moved');
  });
});

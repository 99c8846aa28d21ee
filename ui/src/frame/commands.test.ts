import { describe, expect, it } from 'vitest';
import { commands } from './commands';
import { search } from './search';
import { text } from '../lib/text/frame';

describe('the palette', () => {
  const all = commands();
  it('lists every screen and every shortcut once', () => {
    const keys = all.flatMap((c) => (c.keys ? [c.keys.join(' ')] : []));
    expect(keys).toEqual(expect.arrayContaining(['g o', 'g a', 'g m', 'g s', 'm', '/', '?']));
    expect(new Set(keys).size).toBe(keys.length);
    expect(new Set(all.map((c) => c.id)).size).toBe(all.length);
  });
  it('finds commands by any words in any order, best title first', () => {
    expect(search(all, 'window start').map((c) => c.id)).toEqual(['maintenance-start']);
    expect(search(all, 'silence')[0]?.id).toBeDefined();
    expect(search(all, 'alerts')[0]?.id).toBe('go-alerts');
    expect(search(all, 'zzz')).toEqual([]);
    expect(search(all, '')).toHaveLength(all.length);
  });
  it('says how many alerts are muted, and how many of them are critical', () => {
    expect(text.commands.mutedAlerts(0, 0)).toBe('Show muted alerts');
    expect(text.commands.mutedAlerts(2, 0)).toBe('Show muted alerts: 2 muted');
    expect(text.commands.mutedAlerts(3, 1)).toBe('Show muted alerts: 3 muted · 1 critical');
    expect(search(all, 'muted')[0]?.id).toBe('alerts-muted');
  });
});

import { describe, expect, test } from 'vitest';
import { alertsLink, readAlertsQuery, webAddress } from './address';

describe('addresses', () => {
  test('only plain web addresses may be opened', () => {
    for (const good of ['https://wiki.example/run?a=1', ' http://10.0.0.1:9090/graph '])
      expect(webAddress(good)).not.toBeNull();
    for (const bad of [
      'javascript:alert(1)',
      'JaVaScRiPt:alert(1)',
      'data:text/html,x',
      'file:///etc/passwd',
      'https://good@evil.example/',
      '//evil.example',
      'java\nscript:alert(1)',
      'aetherlink://alerts',
      '',
    ])
      expect(webAddress(bad), bad).toBeNull();
  });

  test('a link to a list restores the same list', () => {
    const query = {
      filter: 'severity="critical" größe+1 & =',
      states: ['firing' as const, 'pending' as const],
      severities: ['critical' as const],
      receivers: ['pager, night'],
      groupBy: ['job', 'zone'],
      sort: 'since' as const,
      descending: true,
    };
    const link = alertsLink(query);
    expect(link.startsWith('aetherlink://alerts?filter=')).toBe(true);
    expect(link).not.toContain('+');
    const read = readAlertsQuery(new URL(link).search.slice(1));
    expect({ ...read, states: [...(read.states ?? [])].sort() }).toEqual({
      ...query,
      states: [...query.states].sort(),
    });
  });

  test('a malformed link opens the unfiltered list', () => {
    expect(readAlertsQuery('state=loud&severity=&group=&sort=colour&x=%zz')).toEqual({
      filter: '',
      states: [],
      severities: [],
      receivers: [],
      groupBy: [],
    });
    expect(readAlertsQuery(`filter=${'a'.repeat(9000)}`).filter?.length).toBe(4096);
  });
});

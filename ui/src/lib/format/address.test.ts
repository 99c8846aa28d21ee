import { describe, expect, test } from 'vitest';
import { alertsLink, readAlertsQuery, webAddress, withScheme } from './address';

describe('addresses', () => {
  // The same table as in `crates/foundation/src/web.rs`.
  test.each([
    ['localhost:9090', 'http://localhost:9090'],
    ['prometheus', 'http://prometheus'],
    ['  10.0.0.1:9093 ', 'http://10.0.0.1:9093'],
    ['grafana.example:443', 'https://grafana.example:443'],
    ['grafana.example:443/base', 'https://grafana.example:443/base'],
    ['host/prometheus/', 'http://host/prometheus/'],
    ['my_host:9090', 'http://my_host:9090'],
    ['[::1]:9090', 'http://[::1]:9090'],
    ['[::1]:443', 'https://[::1]:443'],
    ['::1', 'http://[::1]'],
    ['https://host:9090', 'https://host:9090'],
    ['ftp://host', 'ftp://host'],
    ['javascript:alert(1)', 'javascript:alert(1)'],
    ['mailto:a@b', 'mailto:a@b'],
    ['user:pw@host:9090', 'user:pw@host:9090'],
    ['host:99999', 'host:99999'],
    ['host:', 'host:'],
    [':9090', ':9090'],
    ['not an address', 'not an address'],
    ['//host', '//host'],
    ['', ''],
  ])('%s typed without a scheme gets one', (typed, address) => expect(withScheme(typed)).toBe(address));
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

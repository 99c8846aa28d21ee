import { describe, expect, it } from 'vitest';
import type { EndpointSpec } from '../../lib/contract';
import { emptyEndpoint, exposesCredentials, fromDraft, nameProblem, toDraft, urlProblem } from './endpoint';

describe('an endpoint as it is edited', () => {
  it('is unchanged after a round trip through the form', () => {
    const spec: EndpointSpec = {
      urls: ['http://am-0:9093/base', 'http://am-1:9093'],
      auth: { kind: 'basic', username: 'panel' },
      headers: { 'X-Scope-OrgID': 'a:b' },
      caFile: '/ca.pem',
      clientCertFile: null,
      clientKeyFile: null,
      allowPlainHttp: true,
    };
    expect(fromDraft(toDraft(spec))).toEqual({ spec, problem: '' });
  });
  it.each([
    ['utter nonsense', 'URL'],
    ['localhost:99999', 'http'],
    ['ftp://x/', 'http://'],
    ['http://u:p@x/', 'Credentials'],
    ['http://x/#a', '#'],
    ['http://x/?q', '?'],
  ])('rejects %s and explains why', (url, reason) => expect(urlProblem(url)).toContain(reason));
  it('completes an address that was typed without a scheme', () =>
    expect(fromDraft({ ...toDraft(emptyEndpoint()), urls: 'am-0:9093\nam-1:443' })).toMatchObject({
      spec: { urls: ['http://am-0:9093', 'https://am-1:443'] },
      problem: '',
    }));
  it('never shows a password contained in a URL', () =>
    expect(urlProblem('http://user:hunter2@host/')).not.toContain('hunter2'));
  it('rejects a malformed header', () =>
    expect(fromDraft({ ...toDraft(emptyEndpoint(['http://x'])), headers: 'no colon' }).problem).toContain(
      'Name: value',
    ));
  it('requires a username for basic authentication', () =>
    expect(fromDraft({ ...toDraft(emptyEndpoint(['http://x'])), auth: 'basic' }).problem).toContain('username'));
  it.each([
    ['http://grafana.example.com:3000', 'bearer', true],
    ['http://10.0.0.5', 'basic', true],
    ['http://localhost.evil.test', 'bearer', true],
    ['https://grafana.example.com', 'bearer', false],
    ['http://grafana.example.com', 'none', false],
    ['http://127.0.0.1:3000', 'bearer', false],
    ['http://[::1]:3000', 'bearer', false],
    ['not an address', 'bearer', false],
  ] as const)('login at %s (%s) is exposed: %s', (url, auth, exposed) =>
    expect(exposesCredentials({ ...toDraft(emptyEndpoint([url])), auth })).toBe(exposed),
  );
  it('accepts only names that are valid file names', () => {
    expect(nameProblem('prod-eu_1')).toBe('');
    for (const bad of ['', 'Prod', 'a/b', '..', 'x'.repeat(65)]) expect(nameProblem(bad)).not.toBe('');
  });
});

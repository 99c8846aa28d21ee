import { expect, test } from 'vitest';
import type { CustomCheck } from '../../lib/contract';
import { checkProblem, emptyCheck, fromDrafts, idOf, toDraft } from './own-checks';

const QUERY: CustomCheck = {
  id: 'queue',
  title: 'Queue',
  ask: { kind: 'query', query: '\nmax by ($tenant_label) (queue)', expect: '<=10' },
  suites: ['quick', 'preprod'],
  remedy: 'Call Bob.',
};
const HTTP: CustomCheck = {
  id: 'health',
  title: 'health',
  ask: { kind: 'http', url: 'http://localhost:8000/health?deep=1', status: 204, contains: 'ok ' },
  suites: ['after-deploy'],
  remedy: '',
};

test('an unedited check is saved unchanged', () => {
  expect(fromDrafts([toDraft(QUERY), toDraft(HTTP)])).toEqual([QUERY, HTTP]);
});

test('problem of a check is described', () => {
  const draft = { ...emptyCheck(), title: 'Up', query: 'up', expect: '== 1' };
  expect(checkProblem(draft)).toBe('');
  expect(checkProblem({ ...draft, expect: '>= -1.5e3' })).toBe('');
  expect(checkProblem({ ...draft, title: ' ' })).toContain('name');
  expect(checkProblem({ ...draft, query: ' ' })).toContain('PromQL');
  for (const wrong of ['', '1', 'about 3', '=> 1', '> x', '> 1 and'])
    expect(checkProblem({ ...draft, expect: wrong }), wrong).toContain('such as > 0');
  expect(checkProblem({ ...draft, suites: [] })).toContain('suite');
  const http = { ...emptyCheck(), title: 'H', asks: 'http' as const, url: 'http://x/health?deep=1' };
  expect(checkProblem(http)).toBe('');
  expect(checkProblem({ ...http, url: 'ftp://x' })).not.toBe('');
  expect(checkProblem({ ...http, status: '99' })).toContain('100 to 599');
});

test('a new check gets a unique ID derived from its name', () => {
  expect(idOf('Länge der Queue!', [])).toBe('la-nge-der-queue');
  expect(idOf('Queue', ['queue', 'queue-2'])).toBe('queue-3');
  expect(idOf('日本', [])).toBe('check');
  expect(
    fromDrafts([
      { ...emptyCheck(), title: 'Queue', query: 'x', expect: '> 0' },
      toDraft(QUERY),
      { ...emptyCheck(), title: 'Queue', query: 'y', expect: '> 0' },
    ]).map((c) => c.id),
  ).toEqual(['queue-2', 'queue', 'queue-3']);
});

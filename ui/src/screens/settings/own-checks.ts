// Checks of a profile's own as a person edits them, and as the profile holds them. Pure; nothing is sent from here.
import type { CheckSuite, CustomCheck } from '../../lib/contract';
import { withScheme } from '../../lib/format/address';
import { urlProblem } from './endpoint';
import { text } from '../../lib/text/settings';

export interface CheckDraft {
  /** Empty for a new one: its id is made of its name when it is saved. */
  id: string;
  title: string;
  asks: 'query' | 'http';
  query: string;
  expect: string;
  url: string;
  status: string;
  contains: string;
  suites: CheckSuite[];
  remedy: string;
}

export const emptyCheck = (): CheckDraft => ({
  id: '',
  title: '',
  asks: 'query',
  query: '',
  expect: '',
  url: '',
  status: '200',
  contains: '',
  suites: ['quick'],
  remedy: '',
});

export function toDraft(check: CustomCheck): CheckDraft {
  const { id, title, suites, remedy, ask } = check;
  const base = { ...emptyCheck(), id, title, suites: [...suites], remedy };
  return ask.kind === 'query'
    ? { ...base, asks: 'query', query: ask.query, expect: ask.expect }
    : { ...base, asks: 'http', url: ask.url, status: String(ask.status), contains: ask.contains };
}

const CONDITION = /^(<=|>=|==|!=|<|>)\s*[-+]?(\d+(\.\d*)?|\.\d+)([eE][-+]?\d+)?$/;

/** What is wrong with one, in words; empty: nothing. */
export function checkProblem(d: CheckDraft): string {
  if (d.title.trim() === '') return text.checks.nameMissing;
  if (d.suites.length === 0) return text.checks.suitesMissing;
  if (d.asks === 'query') {
    if (d.query.trim() === '') return text.checks.queryMissing;
    return CONDITION.test(d.expect.trim()) ? '' : text.checks.conditionMissing;
  }
  if (d.url.trim() === '') return text.checks.urlMissing;
  const status = Number(d.status);
  if (!/^\d{3}$/.test(d.status.trim()) || status < 100 || status > 599) return text.checks.statusRange;
  return urlProblem(d.url.trim().split(/[?#]/)[0] ?? '');
}

/** An id made of a name, that none of the others has. */
export function idOf(title: string, taken: string[]): string {
  const bare =
    title
      .normalize('NFKD')
      .toLowerCase()
      .replace(/[^a-z0-9]+/g, '-')
      .replace(/^-+|-+$/g, '')
      .slice(0, 48) || 'check';
  for (let n = 1; ; n += 1) {
    const id = n === 1 ? bare : `${bare}-${n}`;
    if (!taken.includes(id)) return id;
  }
}

/** All of them as the profile holds them. */
export function fromDrafts(drafts: CheckDraft[]): CustomCheck[] {
  const taken = drafts.map((d) => d.id).filter(Boolean);
  return drafts.map((d) => {
    const id = d.id || idOf(d.title, taken);
    taken.push(id);
    const ask: CustomCheck['ask'] =
      d.asks === 'query'
        ? { kind: 'query', query: d.query.trim() === '' ? '' : d.query, expect: d.expect.trim() }
        : { kind: 'http', url: withScheme(d.url), status: Number(d.status), contains: d.contains };
    return { id, title: d.title.trim(), ask, suites: [...d.suites], remedy: d.remedy.trim() };
  });
}

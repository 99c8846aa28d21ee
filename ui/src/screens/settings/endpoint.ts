// An endpoint as a person edits it (lines of text) and as a profile holds it. Pure; nothing is sent from here.
import type { EndpointSpec } from '../../lib/contract';
import { withScheme } from '../../lib/format/address';
import { text } from '../../lib/text/settings';

export interface EndpointDraft {
  /** One address a line. */
  urls: string;
  auth: 'none' | 'basic' | 'bearer';
  username: string;
  /** `Name: value`, one a line. */
  headers: string;
  caFile: string;
  clientCertFile: string;
  clientKeyFile: string;
  allowPlainHttp: boolean;
}

export function toDraft(spec: EndpointSpec): EndpointDraft {
  return {
    urls: spec.urls.join('\n'),
    auth: spec.auth.kind,
    username: spec.auth.kind === 'basic' ? spec.auth.username : '',
    headers: Object.entries(spec.headers)
      .map(([name, value]) => `${name}: ${value}`)
      .join('\n'),
    caFile: spec.caFile ?? '',
    clientCertFile: spec.clientCertFile ?? '',
    clientKeyFile: spec.clientKeyFile ?? '',
    allowPlainHttp: spec.allowPlainHttp,
  };
}

const lines = (text: string): string[] =>
  text
    .split('\n')
    .map((l) => l.trim())
    .filter(Boolean);

/** The endpoint, or what is wrong with it in words. */
export function fromDraft(draft: EndpointDraft): { spec: EndpointSpec; problem: string } {
  const headers: Record<string, string> = {};
  let problem = '';
  for (const line of lines(draft.headers)) {
    const colon = line.indexOf(':');
    const name = line.slice(0, colon).trim();
    if (colon < 1 || !/^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/.test(name))
      problem ||= `“${line.slice(0, 40)}” is not a header. Write Name: value.`;
    else headers[name] = line.slice(colon + 1).trim();
  }
  const urls = lines(draft.urls).map(withScheme);
  for (const url of urls) problem ||= urlProblem(url);
  if (draft.auth === 'basic' && draft.username.trim() === '') problem ||= text.endpoint.usernameMissing;
  const spec: EndpointSpec = {
    urls,
    auth: draft.auth === 'basic' ? { kind: 'basic', username: draft.username.trim() } : { kind: draft.auth },
    headers,
    caFile: draft.caFile.trim() || null,
    clientCertFile: draft.clientCertFile.trim() || null,
    clientKeyFile: draft.clientKeyFile.trim() || null,
    allowPlainHttp: draft.allowPlainHttp,
  };
  return { spec, problem };
}

/** What is wrong with an address; empty when nothing is. */
export function urlProblem(typed: string): string {
  const short = typed.slice(0, 60);
  let url: URL;
  try {
    url = new URL(withScheme(typed));
  } catch {
    return text.endpoint.notUrl(short);
  }
  if (url.protocol !== 'http:' && url.protocol !== 'https:') return text.endpoint.notHttp(short);
  if (url.username || url.password) return text.endpoint.userInUrl;
  if (url.hash || url.search) return text.endpoint.queryInUrl(short);
  return '';
}

/** Whether credentials would cross the network unencrypted: a login over plain HTTP to another machine. */
export function exposesCredentials(draft: EndpointDraft): boolean {
  return (
    draft.auth !== 'none' &&
    lines(draft.urls)
      .map(withScheme)
      .some((url) => URL.canParse(url) && isExposed(new URL(url)))
  );
}

/** Plain HTTP to anything but this machine. */
export function isExposed(url: URL): boolean {
  const host = url.hostname;
  const local =
    host === 'localhost' || host.endsWith('.localhost') || host === '[::1]' || /^127\.\d+\.\d+\.\d+$/.test(host);
  return url.protocol === 'http:' && !local;
}

/** A name for a stack, as the panel takes it. */
export function nameProblem(name: string): string {
  return /^[a-z0-9_-]{1,64}$/.test(name) ? '' : text.editor.nameRule;
}

export function emptyEndpoint(urls: string[] = []): EndpointSpec {
  return {
    urls,
    auth: { kind: 'none' },
    headers: {},
    caFile: null,
    clientCertFile: null,
    clientKeyFile: null,
    allowPlainHttp: false,
  };
}

// The filter box of the alerts: words and Alertmanager matchers, separated by blanks or commas. This only splits
// and joins; what a matcher means is decided by the panel, whose error is shown at the box.
import type { Matcher } from '../contract';
import { text } from '../text/components';

// A label name is any text (UTF-8 names); what has a meaning of its own stands in quotes.
const MATCHER = /^("(?:[^"\\]|\\.)*"|[^\s,=!~{}"'\\]+)\s*(=~|!~|!=|=)\s*(.*)$/su;
const PLAIN_NAME = /^[a-zA-Z_][a-zA-Z0-9_]*$/;

/** Splits at blanks and commas outside quotes. `open` is true when a quote is not closed. */
export function tokenize(text: string): { tokens: string[]; open: boolean } {
  const tokens: string[] = [];
  let token = '';
  let quoted = false;
  for (let i = 0; i < text.length; i += 1) {
    const c = text.charAt(i);
    if (quoted && c === '\\' && i + 1 < text.length) {
      token += c + text.charAt(i + 1);
      i += 1;
    } else if (c === '"') {
      quoted = !quoted;
      token += c;
    } else if (!quoted && (c === ',' || /\s/.test(c))) {
      if (token) tokens.push(token);
      token = '';
    } else {
      token += c;
    }
  }
  if (token) tokens.push(token);
  return { tokens, open: quoted };
}

/** One filter text from tokens. */
export function join(tokens: readonly string[]): string {
  return tokens.join(' ');
}

/** `name="value"`, quoted as Alertmanager reads it. */
export function matcherText(name: string, value: string, op: '=' | '!=' | '=~' | '!~' = '='): string {
  return `${PLAIN_NAME.test(name) ? name : quote(name)}${op}${quote(value)}`;
}

function quote(text: string): string {
  return `"${text.replace(/\\/g, '\\\\').replace(/"/g, '\\"').replace(/\n/g, '\\n')}"`;
}

/** A filter that matches the first labels of an alert; all of them would not fit the box. */
export function labelsFilter(labels: Readonly<Record<string, string | undefined>>, most = 12): string {
  return join(
    Object.entries(labels)
      .slice(0, most)
      .map(([name, value]) => matcherText(name, value ?? '')),
  );
}

/** A matcher of a silence, as people write it. */
export function showMatcher(m: Matcher): string {
  return matcherText(m.name, m.value, m.isRegex ? (m.isEqual ? '=~' : '!~') : m.isEqual ? '=' : '!=');
}

/** The value that no alert's name has: with it, one negative matcher means every alert. */
const NO_ALERT = 'no-alert-has-this-name';

/** Matchers in words where they mean every alert, else as people write them. */
export function describeMatchers(matchers: readonly Matcher[]): string {
  const [only] = matchers;
  if (matchers.length === 1 && only?.name === 'alertname' && !only.isEqual && !only.isRegex)
    return only.value === NO_ALERT ? text.everyAlert : text.everyAlertExcept(only.value);
  if (matchers.length === 1 && only?.name === 'alertname' && only.isEqual && only.isRegex && only.value === '.+')
    return text.everyAlert;
  return matchers.map(showMatcher).join(' ');
}

/** Whether a token looks like a matcher (for its looks only). */
export function isMatcher(token: string): boolean {
  return MATCHER.test(token);
}

function unquote(text: string): string | null {
  if (!text.startsWith('"')) return text.includes('"') ? null : text;
  if (text.length < 2 || !text.endsWith('"')) return null;
  return text.slice(1, -1).replace(/\\(["\\n])/g, (_, c: string) => (c === 'n' ? '\n' : c));
}

/** Reads matchers for a maintenance window. Every token must be one, and at least one must not match the empty string. */
export function parseMatchers(text: string): { matchers: Matcher[]; problem: string } {
  const { tokens, open } = tokenize(text);
  if (open) return { matchers: [], problem: 'Unterminated quote.' };
  const matchers: Matcher[] = [];
  for (const token of tokens) {
    const match = MATCHER.exec(token);
    if (!match)
      return {
        matchers: [],
        problem: `“${token.slice(0, 40)}” is not a valid matcher. Use name="value", or name=~"regex".`,
      };
    const value = unquote(match[3] ?? '');
    if (value === null) return { matchers: [], problem: `Invalid quoting in the value of ${match[1]}.` };
    const op = match[2];
    const name = unquote(match[1] ?? '');
    if (!name) return { matchers: [], problem: 'A matcher needs a label name.' };
    matchers.push({
      name,
      value,
      isRegex: op === '=~' || op === '!~',
      isEqual: op === '=' || op === '=~',
    });
  }
  if (matchers.length > 0 && matchers.every((m) => (m.isEqual ? m.value === '' : m.value !== ''))) {
    return { matchers: [], problem: 'At least one matcher must not match the empty string.' };
  }
  return { matchers, problem: '' };
}

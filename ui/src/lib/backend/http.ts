// A browser in front of `aether-bridge` (tests only): one POST a command, events as a server-sent stream. The token
// comes from the page's own address and is taken out of it, so that it is not in the history.
import type { PanelError, PanelEvent } from '../contract';
import { asPanelError, type Backend } from './index';
import { text } from '../text/actions';

/** Longer than any server's time-out inside the panel, so that the panel's own error arrives first. */
const LIMIT_MS = 60_000;

export function httpBackend(): Backend {
  const address = new URL(window.location.href);
  const token = address.searchParams.get('token') ?? sessionStorage.getItem('aether-token') ?? '';
  if (address.searchParams.has('token')) {
    sessionStorage.setItem('aether-token', token);
    address.searchParams.delete('token');
    history.replaceState(null, '', address);
  }
  return {
    async call(name, request) {
      let reply: Response;
      let body: string;
      try {
        reply = await fetch(new URL(`/api/${name}`, address.origin), {
          method: 'POST',
          headers: { 'content-type': 'application/json', 'x-aether-token': token },
          body: JSON.stringify(request),
          signal: AbortSignal.timeout(LIMIT_MS),
        });
        body = await reply.text();
      } catch (thrown) {
        throw lost(thrown);
      }
      let value: unknown;
      try {
        value = body === '' ? {} : JSON.parse(body);
      } catch {
        throw asPanelError(new Error(`${reply.status}: ${body.slice(0, 500)}`));
      }
      if (!reply.ok) throw asPanelError(value);
      return value as never;
    },
    subscribe(onEvent, onConnection) {
      const url = new URL('/api/events', address.origin);
      url.searchParams.set('token', token);
      let source: EventSource;
      let again: ReturnType<typeof setTimeout> | undefined;
      const open = (): void => {
        source = new EventSource(url);
        source.onopen = () => onConnection?.('open');
        source.onerror = () => {
          onConnection?.('lost');
          if (source.readyState === EventSource.CLOSED) again = setTimeout(open, 2000);
        };
        const hear = (message: MessageEvent<string>): void => {
          try {
            onEvent(JSON.parse(message.data) as PanelEvent);
          } catch {
            onConnection?.('lost');
          }
        };
        source.onmessage = hear;
        source.addEventListener('panel-event', hear);
      };
      open();
      return () => {
        clearTimeout(again);
        source.close();
      };
    },
  };
}

function lost(thrown: unknown): PanelError {
  return {
    code: 'network',
    message: text.panelUnreachable.message,
    hint: text.panelUnreachable.hint,
    retryable: true,
    source: 'bridge',
    detail: thrown instanceof Error ? thrown.message : String(thrown),
  };
}

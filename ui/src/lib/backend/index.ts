// The one door to the panel. The window asks commands and hears events; it never talks to a server itself.
import type { CommandName, Commands, PanelError, PanelEvent } from '../contract';
import { text } from '../text/actions';

export type Connection = 'open' | 'lost';

export interface Backend {
  /** Runs a command. Rejects with a `PanelError`, never with anything else. */
  call<C extends CommandName>(name: C, request: Commands[C]['request']): Promise<Commands[C]['reply']>;
  /** Hears events until the returned function is called. `onConnection` tells when they can't arrive, and again when they can. */
  subscribe(onEvent: (event: PanelEvent) => void, onConnection?: (state: Connection) => void): () => void;
}

/** A `PanelError` from whatever was thrown. */
export function asPanelError(thrown: unknown): PanelError {
  if (typeof thrown === 'object' && thrown !== null && 'code' in thrown && 'message' in thrown) {
    const e = thrown as Partial<PanelError>;
    return {
      code: e.code ?? 'internal',
      message: String(e.message),
      hint: e.hint ?? '',
      retryable: e.retryable ?? false,
      source: e.source ?? 'panel',
      detail: e.detail ?? '',
    };
  }
  return {
    code: 'internal',
    message: text.unreadableReply.message,
    hint: text.unreadableReply.hint,
    retryable: false,
    source: 'window',
    detail: thrown instanceof Error ? thrown.message : String(thrown),
  };
}

/** The backend for where this window runs: inside Tauri, or a browser in front of `aether-bridge`. */
export async function connect(): Promise<Backend> {
  if (import.meta.env.MODE === 'mock') return (await import('./mock')).mockBackend();
  if ('__TAURI_INTERNALS__' in window) return (await import('./tauri')).tauriBackend();
  return (await import('./http')).httpBackend();
}

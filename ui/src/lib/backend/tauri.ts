// Inside the real window: Tauri's IPC. Events arrive as `panel-event`.
import { invoke } from '@tauri-apps/api/core';
import { listen } from '@tauri-apps/api/event';
import type { PanelEvent } from '../contract';
import { asPanelError, type Backend } from './index';

export function tauriBackend(): Backend {
  return {
    async call(name, request) {
      try {
        return await invoke(name, { request });
      } catch (thrown) {
        throw asPanelError(thrown);
      }
    },
    subscribe(onEvent, onConnection) {
      let ended = false;
      let unlisten: (() => void) | undefined;
      listen<PanelEvent>('panel-event', (event) => onEvent(event.payload)).then(
        (stop) => {
          if (ended) stop();
          else {
            unlisten = stop;
            onConnection?.('open');
          }
        },
        () => onConnection?.('lost'),
      );
      return () => {
        ended = true;
        unlisten?.();
      };
    },
  };
}

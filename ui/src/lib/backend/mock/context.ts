// What the handlers of every screen share: the scene, the data that several screens show, and the event stream.
import type {
  AlertRow,
  CommandName,
  Commands,
  Freshness,
  Gauge,
  PanelError,
  PanelEvent,
  ServiceKind,
  SnapshotDelta,
} from '../../contract';
import { alerts } from './alerts';
import { freshness, gauges, type Scene } from './data';
import { drillDesk } from './drills';

type Handler<C extends CommandName> = (
  request: Commands[C]['request'],
) => Commands[C]['reply'] | Promise<Commands[C]['reply']>;

/** A handler for each of these commands, with the request and the reply of the contract. */
export type Handlers<C extends CommandName = CommandName> = { [K in C]: Handler<K> };

export type Delta = Partial<Omit<SnapshotDelta, 'revision' | 'base' | 'at'>>;

export const fail = (code: PanelError['code'], message: string, hint = ''): PanelError => ({
  code,
  message,
  hint,
  retryable: false,
  source: 'panel',
  detail: '',
});

export const pause = (ms: number): Promise<void> => new Promise((done) => setTimeout(done, ms));

/** A reply that does not arrive while the window is looked at. */
export const unanswered = async (): Promise<never> => {
  await pause(1e8);
  throw fail('timeout', 'The panel did not answer.');
};

/** The item that a request names, or the error of a panel that does not have it. */
export function required<T>(item: T | undefined, missing: string): T {
  if (item === undefined) throw fail('not-found', missing);
  return item;
}

export interface MockContext {
  scene: Scene;
  /** Switches in the address of the page, such as `window`, `slow` and `disk`. */
  query: URLSearchParams;
  /** When the window was opened; the made-up past is relative to it. */
  openedAt: number;
  alerts: AlertRow[];
  gauges: Gauge[];
  drill: ReturnType<typeof drillDesk>;
  /** Milliseconds that a step of slow work takes: `?slow=` if it is given. */
  stepMs: (usual: number) => number;
  /** The freshness of a server's data at this moment. */
  freshness: (service: ServiceKind) => Freshness;
  revision: () => number;
  publish: (delta: Delta) => void;
  subscribe: (onEvent: (event: PanelEvent) => void) => () => void;
}

export function mockContext(query: URLSearchParams): MockContext {
  const scene = (query.get('scene') ?? 'loaded') as Scene;
  const openedAt = Date.now();
  const listeners = new Set<(event: PanelEvent) => void>();
  let revision = 1;
  const publish = (delta: Delta): void => {
    revision += 1;
    for (const listener of listeners)
      listener({
        kind: 'delta',
        data: { revision, base: revision - 1, at: Date.now(), gaugesReplaced: false, ...delta },
      });
  };
  const drill = drillDesk(scene, query.get('drill') ?? '', openedAt, () => publish({ drill: drill.status() }));
  return {
    scene,
    query,
    openedAt,
    alerts: alerts(scene, openedAt),
    gauges: gauges(scene, openedAt),
    drill,
    stepMs: (usual) => Number(query.get('slow') ?? usual),
    freshness: (service) => freshness(scene, service, Date.now()),
    revision: () => revision,
    publish,
    subscribe(onEvent) {
      listeners.add(onEvent);
      return () => void listeners.delete(onEvent);
    },
  };
}

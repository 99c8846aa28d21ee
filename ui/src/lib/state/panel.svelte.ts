// The window's copy of the panel's snapshot. Deltas that arrive while the snapshot is being asked for wait and are
// applied after it; a delta that does not fit makes the window ask again. Nothing here is ever guessed.
import type {
  CommandName,
  Commands,
  Gauge,
  NavigateTo,
  PanelError,
  PanelEvent,
  ServiceKind,
  ServiceStatus,
  Snapshot,
  SnapshotDelta,
  Notice,
} from '../contract';
import { asPanelError, type Backend, type Connection } from '../backend';
import { apply } from './delta';
import { text } from '../text/actions';

const RETRY_MS = 2000;

export class PanelState {
  snapshot = $state.raw<Snapshot | null>(null);
  /** Whether events arrive. */
  connection = $state<'connecting' | Connection>('connecting');
  /** Why the snapshot could not be had. */
  problem = $state.raw<PanelError | null>(null);
  onNavigate: (to: NavigateTo) => void = () => {};
  onNotice: (notice: Notice) => void = () => {};

  #backend: Backend | null = null;
  #waiting: SnapshotDelta[] = [];
  #asking = false;
  #askAgain = false;
  #retry: ReturnType<typeof setTimeout> | undefined;

  start(backend: Backend): () => void {
    this.#backend = backend;
    const stop = backend.subscribe(
      (event) => this.#hear(event),
      (state) => {
        const before = this.connection;
        this.connection = state;
        // What was missed meanwhile is not sent again.
        if (state === 'open' && before !== 'open' && this.snapshot) void this.#loadSnapshot();
      },
    );
    void this.#loadSnapshot();
    return () => {
      clearTimeout(this.#retry);
      stop();
      this.#backend = null;
    };
  }

  async call<C extends CommandName>(name: C, request: Commands[C]['request']): Promise<Commands[C]['reply']> {
    if (!this.#backend) throw asPanelError(new Error(text.notConnected));
    try {
      return await this.#backend.call(name, request);
    } catch (thrown) {
      throw asPanelError(thrown);
    }
  }

  service(kind: ServiceKind): ServiceStatus | undefined {
    return this.snapshot?.services.find((s) => s.kind === kind);
  }

  gauge(id: string): Gauge | undefined {
    return this.snapshot?.gauges.find((g) => g.spec.id === id);
  }

  #hear(event: PanelEvent): void {
    if (event.kind === 'navigate') this.onNavigate(event.data);
    else if (event.kind === 'notice') this.onNotice(event.data);
    else if (this.#asking || !this.snapshot) this.#waiting.push(event.data);
    else this.#take(event.data);
  }

  #take(delta: SnapshotDelta): void {
    if (!this.snapshot) return;
    const result = apply(this.snapshot, delta);
    if (result.kind === 'applied') this.snapshot = result.snapshot;
    else if (result.kind === 'gap') void this.#loadSnapshot();
  }

  async #loadSnapshot(): Promise<void> {
    if (this.#asking) {
      this.#askAgain = true;
      return;
    }
    this.#asking = true;
    clearTimeout(this.#retry);
    try {
      this.snapshot = await this.call('snapshot', {});
      this.problem = null;
    } catch (thrown) {
      this.problem = asPanelError(thrown);
      this.#retry = setTimeout(() => void this.#loadSnapshot(), RETRY_MS);
    }
    this.#asking = false;
    const waiting = this.#waiting;
    this.#waiting = [];
    if (this.snapshot) waiting.forEach((delta) => this.#take(delta));
    if (this.#askAgain) {
      this.#askAgain = false;
      void this.#loadSnapshot();
    }
  }
}

export const panel = new PanelState();

// What is selected for a restore, where it goes and how conflicts are decided; the plan is requested again when any
// of that changes, and only the latest plan counts.
import { onDestroy, untrack } from 'svelte';
import type {
  PanelError,
  RestoreChoice,
  RestoreItem,
  RestorePart,
  RestorePlan,
  RestoreRequest,
} from '../../lib/contract';
import { asPanelError } from '../../lib/backend';
import { writes } from './restore-items';

export class RestoreSelection {
  readonly #backup: string;
  readonly #part: RestorePart;
  readonly #restorable: (item: RestoreItem | undefined) => boolean;
  readonly #loadPlan: (request: RestoreRequest) => Promise<RestorePlan>;
  #latest = 0;

  plan = $state.raw<RestorePlan | null>(null);
  error = $state.raw<PanelError | null>(null);
  picked = $state.raw<ReadonlySet<string>>(new Set());
  choices = $state.raw<Record<string, RestoreChoice>>({});
  dataSources = $state.raw<Record<string, string>>({});
  targetFolder = $state('');
  targetStack = $state('');

  readonly #items = $derived(new Map((this.plan?.items ?? []).map((item) => [item.uid, item])));
  readonly selected = $derived((this.plan?.items ?? []).filter((i) => this.picked.has(i.uid) && this.#restorable(i)));
  readonly undecided = $derived(this.selected.filter((item) => item.act === 'choose').length);
  readonly ready = $derived(this.selected.filter((item) => writes(item.act)).length);

  constructor(
    backup: string,
    part: RestorePart,
    restorable: (item: RestoreItem | undefined) => boolean,
    loadPlan: (request: RestoreRequest) => Promise<RestorePlan>,
  ) {
    this.#backup = backup;
    this.#part = part;
    this.#restorable = restorable;
    this.#loadPlan = loadPlan;
  }

  item(uid: string): RestoreItem | undefined {
    return this.#items.get(uid);
  }

  restorable(uid: string): boolean {
    return this.#restorable(this.item(uid));
  }

  /** A request for these items; none: for all, to show how each compares. */
  request(uids: readonly string[]): RestoreRequest {
    const choices = Object.entries(this.choices).filter(([uid]) => uids.length === 0 || uids.includes(uid));
    return {
      id: this.#backup,
      what: this.#part,
      uids: [...uids],
      choices: Object.fromEntries(choices),
      otherwise: null,
      dataSources: this.dataSources,
      intoFolder: this.targetFolder || null,
      intoStack: this.targetStack || null,
    };
  }

  requestSelected(): RestoreRequest {
    return this.request(this.selected.map((item) => item.uid));
  }

  async refresh(): Promise<void> {
    const latest = ++this.#latest;
    try {
      const plan = await this.#loadPlan(this.request([]));
      if (latest === this.#latest) [this.plan, this.error] = [plan, null];
    } catch (thrown) {
      if (latest === this.#latest) [this.plan, this.error] = [null, asPanelError(thrown)];
    }
  }

  toggle(uid: string): void {
    const next = new Set(this.picked);
    if (!next.delete(uid)) next.add(uid);
    this.picked = next;
  }

  /** Whether all of these that can be restored are selected. */
  allPicked(uids: readonly string[]): boolean {
    const restorable = uids.filter((uid) => this.restorable(uid));
    return restorable.length > 0 && restorable.every((uid) => this.picked.has(uid));
  }

  toggleAll(uids: readonly string[]): void {
    this.picked = this.allPicked(uids)
      ? new Set()
      : new Set([...this.picked, ...uids.filter((uid) => this.restorable(uid))]);
  }

  /** A choice other than to keep the live item also selects it. */
  decide(uid: string, choice: RestoreChoice | ''): void {
    const { [uid]: _, ...rest } = this.choices;
    this.choices = choice ? { ...rest, [uid]: choice } : rest;
    if (choice && choice !== 'keep') this.picked = new Set([...this.picked, uid]);
  }

  /** Folders and data sources belong to a Grafana: they are chosen again for another one. */
  retarget(stack: string): void {
    [this.targetStack, this.targetFolder, this.dataSources] = [stack, '', {}];
  }

  clear(): void {
    this.picked = new Set();
    this.choices = {};
  }

  /** Replies that are still on their way are ignored. */
  close(): void {
    this.#latest += 1;
  }
}

/** For a component: requests the plan now and whenever the selection's target or choices change, until it is left. */
export function followSelection(selection: RestoreSelection): void {
  $effect(() => {
    void [selection.choices, selection.dataSources, selection.targetFolder, selection.targetStack];
    untrack(() => void selection.refresh());
  });
  onDestroy(() => selection.close());
}

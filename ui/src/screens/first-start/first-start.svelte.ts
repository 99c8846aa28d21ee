// Three steps to a working panel: find services, test the connections, save the stack.
import type { DiscoverReport, EndpointSpec, PanelError, ServiceKind, StackDetail } from '../../lib/contract';
import { asPanelError } from '../../lib/backend';
import { panel } from '../../lib/state/panel.svelte';
import { ui } from '../../lib/state/ui.svelte';
import { text } from '../../lib/text/first-start';
import { withScheme } from '../../lib/format/address';
import { emptyEndpoint, nameProblem, urlProblem } from '../settings/endpoint';

export interface Service {
  kind: ServiceKind;
  title: string;
  /** What the panel takes from it. */
  provides: string;
  optional: boolean;
  example: string;
}

export const SERVICES: readonly Service[] = [
  {
    kind: 'prometheus',
    title: 'Prometheus',
    provides: text.services.prometheus,
    optional: false,
    example: 'http://localhost:9090',
  },
  {
    kind: 'alertmanager',
    title: 'Alertmanager',
    provides: text.services.alertmanager,
    optional: false,
    example: 'http://localhost:9093',
  },
  {
    kind: 'grafana',
    title: 'Grafana',
    provides: text.services.grafana,
    optional: true,
    example: 'http://localhost:3000',
  },
];

export class FirstStart {
  step = $state<1 | 2 | 3>(1);
  readonly urls = $state<Record<ServiceKind, string>>({ prometheus: '', alertmanager: '', grafana: '' });
  name = $state('local');
  /** Servers found on this computer; null while searching. */
  report = $state.raw<DiscoverReport | null>(null);
  error = $state.raw<PanelError | null>(null);
  saving = $state(false);
  /** The built-in stack; its tenants are the best guess for a new one. */
  base = $state.raw<StackDetail | null>(null);
  readonly #edited = new Set<ServiceKind>();
  readonly #reachable = $state<Partial<Record<ServiceKind, boolean>>>({});

  /** Services with a URL. */
  readonly used = $derived(SERVICES.filter((s) => this.urls[s.kind].trim() !== ''));
  readonly canTest = $derived(this.used.length > 0 && SERVICES.every((s) => this.problem(s.kind) === ''));
  readonly allReachable = $derived(this.used.every((s) => this.isReachable(s.kind)));
  readonly nameProblem = $derived(nameProblem(this.name));

  /** Searches this computer; what was typed is kept. */
  search = async (): Promise<void> => {
    this.report = null;
    this.error = null;
    try {
      this.report = await panel.call('discover', {});
      for (const { service, url } of [...this.report.found].reverse())
        if (!this.#edited.has(service)) this.urls[service] = url;
    } catch (thrown) {
      this.error = asPanelError(thrown);
    }
  };

  async loadBase(): Promise<void> {
    const active = panel.snapshot?.stacks.active;
    if (!active) return;
    // Without it the new stack starts with defaults.
    this.base = await panel.call('stack_detail', { name: active }).catch(() => null);
  }

  edited(kind: ServiceKind): void {
    this.#edited.add(kind);
    this.#reachable[kind] = false;
  }

  tested(kind: ServiceKind, reachable: boolean): void {
    this.#reachable[kind] = reachable;
  }

  isReachable(kind: ServiceKind): boolean {
    return this.#reachable[kind] === true;
  }

  /** The server found at this URL. */
  discovered(kind: ServiceKind): DiscoverReport['found'][number] | undefined {
    return this.report?.found.find((f) => f.service === kind && f.url === withScheme(this.urls[kind]));
  }

  problem(kind: ServiceKind): string {
    const url = this.urls[kind].trim();
    return url === '' ? '' : urlProblem(url);
  }

  endpoint(kind: ServiceKind): EndpointSpec {
    const url = withScheme(this.urls[kind]);
    return emptyEndpoint(url ? [url] : []);
  }

  next(): void {
    if (this.step === 1 && this.canTest) this.step = 2;
    else if (this.step === 2) this.step = 3;
  }

  back(): void {
    if (this.step > 1) this.step = this.step === 3 ? 2 : 1;
  }

  skip(): void {
    ui.firstStartSkipped = true;
    ui.go('overview');
  }

  async save(): Promise<void> {
    if (this.saving || this.nameProblem) return;
    this.saving = true;
    this.error = null;
    try {
      const saved = await panel.call('stack_save', {
        name: this.name,
        tenantLabel: this.base?.tenantLabel ?? 'tenant_id',
        vipTenants: this.base?.vipTenants ?? [],
        heartbeat: this.base?.heartbeat ?? '',
        prometheus: this.endpoint('prometheus'),
        alertmanager: this.endpoint('alertmanager'),
        grafana: this.endpoint('grafana'),
        checks: null,
        select: true,
      });
      ui.notify('ok', text.saved(saved.name));
      this.skip();
    } catch (thrown) {
      this.error = asPanelError(thrown);
    }
    this.saving = false;
  }
}

// The stacks in Settings, and the search for servers at the first start.
import type { EndpointSpec, StackDetail, StackList } from '../../../contract';
import { fail, type Handlers, type MockContext } from '../context';
import { refused } from '../data';

const endpoint = (more: Partial<EndpointSpec>): EndpointSpec => ({
  urls: [],
  auth: { kind: 'none' },
  headers: {},
  caFile: null,
  clientCertFile: null,
  clientKeyFile: null,
  allowPlainHttp: false,
  ...more,
});

const profile = (name: string): string => `/home/alice/.config/aetherlink/stacks/${name}.toml`;

type StackCommand = 'stack_list' | 'stack_select' | 'stack_detail' | 'stack_save' | 'discover' | 'endpoint_test';

export function stackCommands({ scene, gauges, publish }: MockContext) {
  const production = scene === 'hostile' ? 'hostile' : 'production';
  let stacks: StackList = {
    active: production,
    firstStart: scene === 'first',
    stacks: [
      { name: 'aetherlink', source: { kind: 'built-in' }, error: null },
      { name: production, source: { kind: 'file', path: profile('production') }, error: null },
      {
        name: 'staging',
        source: { kind: 'file', path: profile('staging') },
        error: fail('invalid-config', 'staging.toml, line 7: unknown key “promtheus”.', 'Did you mean “prometheus”?'),
      },
    ],
  };
  const detail = (name: string): StackDetail => ({
    name,
    source: stacks.stacks.find((s) => s.name === name)?.source ?? { kind: 'built-in' },
    tenantLabel: 'tenant_id',
    vipTenants: ['vip-customer-123', 'vip-customer-456', 'partner-abc'],
    heartbeat: 'Watchdog',
    prometheus: endpoint({ urls: ['http://localhost:9090'] }),
    alertmanager: endpoint({
      urls: ['http://am-0:9093', 'http://am-1:9093', 'http://am-2:9093'],
      auth: { kind: 'basic', username: 'panel' },
      headers: { 'X-Scope-OrgID': 'team-a' },
      caFile: '/etc/ssl/own-ca.pem',
    }),
    grafana: endpoint({ urls: ['http://localhost:3000'], auth: { kind: 'bearer' } }),
    gauges: gauges.map((g) => g.spec),
    checks: [
      {
        id: 'queue',
        title: 'Queue is short',
        ask: { kind: 'query', query: 'max by ($tenant_label) (aether_queue_length)', expect: '<= 10' },
        suites: ['quick', 'preprod'],
        remedy: 'Add a worker.',
      },
      {
        id: 'health',
        title: 'API answers',
        ask: { kind: 'http', url: 'http://localhost:8000/health', status: 200, contains: '"ok"' },
        suites: ['after-deploy'],
        remedy: '',
      },
    ],
  });
  const handlers: Handlers<StackCommand> = {
    stack_list: () => stacks,
    stack_select: ({ name }) => {
      stacks = { ...stacks, active: name, firstStart: false };
      publish({ stacks });
      return stacks;
    },
    stack_detail: ({ name }) => detail(name),
    stack_save: ({ select, checks, ...saved }) => {
      stacks = {
        active: select ? saved.name : stacks.active,
        firstStart: false,
        stacks: [
          ...stacks.stacks.filter((s) => s.name !== saved.name),
          { name: saved.name, source: { kind: 'file', path: profile(saved.name) }, error: null },
        ],
      };
      publish({ stacks });
      const stored = detail(saved.name);
      return { ...stored, ...saved, checks: checks ?? stored.checks };
    },
    discover: () => ({
      found: [
        { service: 'prometheus', url: 'http://localhost:9090', version: '2.54.1' },
        { service: 'alertmanager', url: 'http://localhost:9093', version: '0.27.0' },
      ],
      tried: ['http://localhost:9090', 'http://localhost:9093', 'http://localhost:3000'],
    }),
    endpoint_test: ({ service, endpoint: { urls } }) => ({
      results: urls.map((url, i) =>
        service === 'grafana'
          ? {
              url,
              ok: false,
              version: null,
              flavour: null,
              latencyMs: null,
              clockOffsetMs: null,
              error: refused('Grafana', 3000),
              notes: [],
            }
          : {
              url,
              ok: true,
              version: service === 'alertmanager' ? '0.27.0' : '2.54.1',
              flavour: null,
              latencyMs: 3 + i,
              clockOffsetMs: 10,
              error: null,
              notes: [],
            },
      ),
    }),
  };
  return { handlers, current: (): StackList => stacks };
}

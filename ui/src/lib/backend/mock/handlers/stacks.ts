// The stacks in Settings, and the search for servers at the first start.
import type { StackDetail, StackList } from '../../../contract';
import { fail, type Handlers, type MockContext } from '../context';
import { replay } from '../recorded';

const profile = (name: string): string => `/home/alice/.config/aetherlink/stacks/${name}.toml`;

type StackCommand = 'stack_list' | 'stack_select' | 'stack_detail' | 'stack_save' | 'discover' | 'endpoint_test';

export function stackCommands({ scene, gauges, publish }: MockContext) {
  let stacks = replay('stack_list');
  if (scene === 'hostile')
    stacks = {
      ...stacks,
      active: 'hostile',
      stacks: stacks.stacks.map((s) => (s.name === 'production' ? { ...s, name: 'hostile' } : s)),
    };
  stacks = { ...stacks, firstStart: scene === 'first' };
  const detail = (name: string): StackDetail => ({
    ...replay('stack_detail'),
    name,
    source: stacks.stacks.find((s) => s.name === name)?.source ?? { kind: 'built-in' },
    gauges: gauges.map((g) => g.spec),
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
    discover: () => replay('discover'),
    endpoint_test: ({ service, endpoint: { urls } }) => {
      const [recorded] = replay('endpoint_test', service === 'grafana' ? 'refused' : 'healthy').results;
      if (!recorded) throw fail('internal', 'There is no recorded test of a connection.');
      return {
        results: urls.map((url, i) =>
          recorded.ok
            ? { ...recorded, url, version: service === 'alertmanager' ? '0.27.0' : '2.54.1', latencyMs: 3 + i }
            : { ...recorded, url },
        ),
      };
    },
  };
  return { handlers, current: (): StackList => stacks };
}

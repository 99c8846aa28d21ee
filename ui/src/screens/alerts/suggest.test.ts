import { expect, it } from 'vitest';
import { fakePanel } from '../../lib/state/fake-panel';
import { Suggestions } from './suggest.svelte';

it('keeps the suggestion that the keyboard is on when a later answer replaces the list', async () => {
  const facets = [{ name: 'tenant_id', values: ['acme', 'acm-2'].map((name) => ({ name, count: 1 })) }];
  const panel = fakePanel(() => ({ labelNames: [], facets }));
  const suggestions = new Suggestions();
  await suggestions.look('', 'tenant_id=ac');
  suggestions.move(1);
  const marked = suggestions.list[suggestions.at]?.text;
  expect(marked).toBe('tenant_id="acme"');
  await suggestions.look('', 'tenant_id=acm');
  expect(suggestions.list[suggestions.at]?.text).toBe(marked);
  suggestions.narrow('tenant_id=acm-');
  expect(suggestions.at).toBe(-1);
  panel.stop();
});

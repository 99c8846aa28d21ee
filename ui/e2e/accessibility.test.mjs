// Axe and the layout on every screen, dialog and state. Both look at the same visits: opening the views takes the time.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { colours, violations } from './axe.mjs';
import { layoutFaults, SIZES } from './layout.mjs';
import { open, settled } from './screens/support.mjs';
import { VIEWS, visits } from './views.mjs';

const USUAL = { width: 1280, height: 800 };

/** Everything that is found on any view, by test. */
async function walk() {
  const found = { axe: new Set(), layout: new Set(), seen: 0 };
  const visit = async ({ query, stops }) => {
    // The window follows the desktop: what is seen in the dark is then seen in the light, where only what depends on colours is
    // asked again.
    const { page, done } = await open(`${query}&theme=system`, stops[0].hash, { colorScheme: 'dark' });
    for (const { hash, then } of stops) {
      await page.evaluate((to) => {
        location.hash = to;
      }, `#/${hash}`);
      // A screen is loaded when it is opened.
      await page.getByTestId('screen-loading').waitFor({ state: 'detached' });
      await settled(page);
      await then?.(page);
      await settled(page);
      for (const v of await violations(page)) found.axe.add(`${query} ${hash}, dark: ${v}`);
      await page.emulateMedia({ colorScheme: 'light' });
      await page.locator('html[data-theme="light"]').waitFor({ state: 'attached' });
      await settled(page);
      for (const v of await colours(page)) found.axe.add(`${query} ${hash}, light: ${v}`);
      await page.emulateMedia({ colorScheme: 'dark' });
      for (const size of SIZES) {
        await page.setViewportSize(size);
        await settled(page);
        for (const fault of await layoutFaults(page)) found.layout.add(`${query} ${hash}, ${size.width}: ${fault}`);
      }
      await page.setViewportSize(USUAL);
      found.seen += 1;
    }
    await done();
  };
  const left = visits();
  await Promise.all(
    [0, 1].map(async () => {
      for (let next = left.shift(); next; next = left.shift()) await visit(next);
    }),
  );
  return found;
}
let walked;
const findings = () => (walked ??= walk());

test('axe finds nothing on any screen in either theme', async () => {
  const { axe, seen } = await findings();
  assert.equal(seen, VIEWS.length);
  assert.deepEqual([...axe], []);
});

test('no_screen_scrolls_sideways_cuts_text_or_covers_a_control_at_any_size', async () => {
  const { layout, seen } = await findings();
  assert.equal(seen, VIEWS.length);
  assert.deepEqual([...layout], []);
});

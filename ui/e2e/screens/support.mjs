// What the tests on made-up data share: the page, and that nothing else than it is asked for.
import assert from 'node:assert/strict';
import { after } from 'node:test';
import { chromium } from 'playwright-core';
import { CHROMIUM, EXECUTABLE } from '../serve.mjs';

/** Where the window on made-up data is served (window.mjs builds and serves it). */
export const site = process.env.AETHER_WINDOW_URL;
assert.ok(site, 'AETHER_WINDOW_URL is not set: run these tests by `npm run test:screens`');

const browser = await chromium.launch({ executablePath: EXECUTABLE, args: CHROMIUM });
after(() => browser.close());

/** One session for all pages: what the browser has read and compiled of the window once it has not to do again. */
const session = await browser.newContext({ viewport: { width: 1280, height: 800 }, reducedMotion: 'reduce' });
await session.addInitScript((longest) => {
  // As Tauri's `freezePrototype` does.
  Object.freeze(Object.prototype);
  // Delayed work that `settled` waits for: answers of the made-up backend, and pauses before a question is asked.
  const pending = new Map();
  const [start, stop] = [window.setTimeout.bind(window), window.clearTimeout.bind(window)];
  window.setTimeout = (work, delay = 0, ...values) => {
    const id = start(() => {
      pending.delete(id);
      work(...values);
    }, delay);
    if (delay <= longest) pending.set(id, delay);
    return id;
  };
  window.clearTimeout = (id) => {
    pending.delete(id);
    stop(id);
  };
  window.pendingWork = pending;
  // Each page begins with nothing kept; what it keeps itself outlives its reloads.
  if (sessionStorage.getItem('begun')) return;
  sessionStorage.setItem('begun', 'yes');
  localStorage.clear();
}, 400);

/**
 * Waits until the page has come to rest: nothing is drawn, moving or about to be asked or answered. Later work (the next
 * round of polling, a notice that goes away) and endless animations are not waited for.
 */
export async function settled(page) {
  const unsettled = await page.evaluate(async () => {
    const frame = () => new Promise((done) => requestAnimationFrame(done));
    const moving = () =>
      document
        .getAnimations()
        .filter((one) => one.playState === 'running' && one.effect?.getComputedTiming().endTime !== Infinity);
    // Far beyond what a loaded machine takes: the limit is for a page that never rests.
    const deadline = performance.now() + 60_000;
    // What is drawn in one frame can begin something in the next.
    for (let calm = 0; calm < 3; calm += 1) {
      await frame();
      if (window.pendingWork.size === 0 && moving().length === 0) continue;
      calm = -1;
      if (performance.now() > deadline) return `timers ${[...window.pendingWork.values()]}, ${moving().length} moving`;
    }
    return '';
  });
  assert.equal(unsettled, '', 'the page does not come to rest');
}

/** Opens a screen; anything on the console, any error and any request to elsewhere fails the test at `done`. */
export async function open(query, hash, media = {}) {
  const page = await session.newPage();
  const faults = [];
  page.on('console', (m) => ['error', 'warning'].includes(m.type()) && faults.push(m.text()));
  page.on('pageerror', (e) => faults.push(e.message));
  page.on('dialog', (d) => (faults.push(`dialog ${d.message()}`), d.dismiss()));
  page.on(
    'request',
    (r) => !r.url().startsWith(site) && !r.url().startsWith('data:') && faults.push(`request ${r.url()}`),
  );
  await page.emulateMedia(media);
  await page.goto(`${site}?${query}#/${hash}`);
  await page.getByTestId('open-palette').waitFor();
  await settled(page);
  return {
    page,
    async done() {
      await page.close();
      assert.deepEqual(faults, []);
    },
  };
}

/** Clicks one after the other. */
export const click =
  (...ids) =>
  async (page) => {
    for (const id of ids) {
      await page.getByTestId(id).first().click();
      await settled(page);
    }
  };

/** Waits until the list of alerts says how many it has. */
export const total = (page, text) =>
  page.waitForFunction((t) => document.querySelector('[data-testid="alerts-total"]')?.textContent === t, text);

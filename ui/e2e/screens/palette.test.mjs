// The palette finds objects by name, with what can be done with them.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { open, settled } from './support.mjs';

async function ask(page, query) {
  await page.keyboard.press('Control+k');
  await page.getByTestId('palette').waitFor();
  await page.keyboard.type(query);
  await settled(page);
}
const sections = (page) =>
  page.getByTestId('palette-section').evaluateAll((all) => all.map((one) => one.getAttribute('aria-label')));

test('palette_finds_objects_by_name_and_opens_them', async () => {
  const { page, done } = await open('scene=loaded&window=on', 'overview');
  await ask(page, 'lowconf');
  assert.deepEqual((await sections(page)).slice(0, 3).sort(), ['Alerts', 'Rules', 'Runbooks']);
  await page.keyboard.press('Enter');
  await page.getByTestId('alert-detail').waitFor();
  assert.equal(await page.locator('.token').count(), 0, 'an alert opens without a filter');

  await ask(page, 'ack cacheeff');
  assert.match(await page.getByRole('option').first().innerText(), /^Acknowledge CacheEffectivenessDrop/);
  await page.keyboard.press('Enter');
  await settled(page);
  assert.equal(
    await page.evaluate(() => document.activeElement.dataset.testid),
    'ack-note',
    'it is not acknowledged yet',
  );
  await page.keyboard.type('On it');
  await page.keyboard.press('Enter');
  await page.getByTestId('ack-undo').waitFor();

  await ask(page, 'silence lowconf');
  await page.keyboard.press('Enter');
  await page.getByTestId('start-confirm').waitFor();
  await page.keyboard.press('Escape');

  await ask(page, 'initech');
  await page.locator('[data-command^="tenant-"]').first().click();
  await page.locator('.token').waitFor();
  assert.match(await page.locator('.token').innerText(), /tenant_id="initech"/);

  await ask(page, 'tenant costs');
  await page.locator('[data-command^="dashboard-"]').first().click();
  await page.getByTestId('look').waitFor();

  await ask(page, 'deploy v2');
  assert.ok((await sections(page)).includes('Maintenance windows'));
  await page.locator('[data-command^="window-"]').first().click();
  await page.getByTestId('end-confirm').waitFor();
  await page.keyboard.press('Escape');

  await ask(page, 'lowconf');
  await page.locator('[data-command^="rule-"]').first().click();
  await page.getByTestId('rule-detail').waitFor();
  await page.keyboard.press('Escape');
  assert.match(page.url(), /#\/rules$/);
  await done();
});

test('palette_names_what_could_not_be_searched', async () => {
  const { page, done } = await open('scene=never', 'overview');
  await ask(page, 'low');
  assert.ok((await page.getByRole('option').count()) > 0, 'the rest is found');
  assert.match(await page.getByTestId('palette-failed').innerText(), /Rules: /);
  await page.keyboard.press('Escape');
  await done();
});

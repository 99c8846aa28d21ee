// axe on the page as it stands. Violations as lines of text.
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';

const source = await readFile(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

/** Against WCAG 2.2 A and AA and axe's own best practices. */
export const violations = (page) =>
  ask(page, ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice']);

/** Only the rules that another theme can break: contrast, and links told from text by their colour. */
export const colours = (page) => ask(page, { type: 'rule', values: ['color-contrast', 'link-in-text-block'] });

async function ask(page, runOnly) {
  // Evaluated over the debugging protocol, which the page's content security policy does not bind.
  if (!(await page.evaluate(() => 'axe' in window))) await page.evaluate(source);
  return page.evaluate(async (runOnly) => {
    const result = await window.axe.run(document, { runOnly, resultTypes: ['violations'] });
    return result.violations.flatMap((v) =>
      v.nodes.map(
        (n) => `${v.id}: ${n.target.join(' ')} – ${(n.failureSummary ?? '').replace(/\s+/g, ' ').slice(0, 220)}`,
      ),
    );
  }, runOnly);
}

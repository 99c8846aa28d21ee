// axe on the page as it stands, against WCAG 2.2 A and AA and axe's own best practices. Violations as lines of text.
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';

const source = await readFile(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

export async function violations(page) {
  // Evaluated over the debugging protocol, which the page's content security policy does not bind.
  await page.evaluate(source);
  return page.evaluate(async () => {
    const result = await window.axe.run(document, { runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'], resultTypes: ['violations'] });
    return result.violations.flatMap((v) => v.nodes.map((n) => `${v.id}: ${n.target.join(' ')} – ${(n.failureSummary ?? '').replace(/\s+/g, ' ').slice(0, 220)}`));
  });
}

// `node e2e/window.mjs FILE|FOLDER…`: tests of the window on made-up data in a real browser, for what needs states that no real
// server can be asked for. Behaviour on real servers is tested through the bridge (bridge.test.mjs).
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdir, stat } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { results } from './results.mjs';
import { serveMock } from './serve.mjs';

const here = fileURLToPath(new URL('.', import.meta.url));
const files = [];
for (const name of process.argv.slice(2)) {
  const path = join(here, name);
  if ((await stat(path)).isFile()) files.push(path);
  else
    for (const inside of (await readdir(path)).sort()) if (inside.endsWith('.test.mjs')) files.push(join(path, inside));
}
if (files.length === 0) {
  console.error('usage: node e2e/window.mjs FILE|FOLDER…, below e2e, with at least one file of tests');
  process.exit(2);
}
const served = await serveMock();
// Each file has a browser of its own.
const atOnce = Math.min(availableParallelism(), 4);
const tests = spawn(process.execPath, ['--test', `--test-concurrency=${atOnce}`, ...results(), ...files], {
  stdio: 'inherit',
  env: { ...process.env, AETHER_WINDOW_URL: served.url },
});
const [status] = await once(tests, 'exit');
await served.close();
process.exit(status ?? 1);

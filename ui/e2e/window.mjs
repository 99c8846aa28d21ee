// `npm run test:window [file…]`: the window on made-up data in a real browser, for what needs states that no real server can
// be asked for. Behaviour on real servers is tested through the bridge (bridge.test.mjs).
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdir } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { serveMock } from './serve.mjs';

const folder = fileURLToPath(new URL('screens/', import.meta.url));
const wanted = process.argv.slice(2);
const files = (await readdir(folder)).filter((name) => name.endsWith('.test.mjs') && (wanted.length === 0 || wanted.some((word) => name.startsWith(word)))).sort();
if (files.length === 0) {
  console.error(`no file of tests in ${folder} begins with ${wanted.join(' or ')}`);
  process.exit(2);
}
const served = await serveMock();
const tests = spawn(process.execPath, ['--test', '--test-concurrency=2', ...files.map((name) => folder + name)], { stdio: 'inherit', env: { ...process.env, AETHER_WINDOW_URL: served.url } });
const [status] = await once(tests, 'exit');
await served.close();
process.exit(status ?? 1);

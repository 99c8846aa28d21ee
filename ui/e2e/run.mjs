// `npm run e2e`: the window in a browser on a real panel, real servers behind it. Needs a running `aether-bridge`,
// whose address (as it prints it) is in AETHER_BRIDGE_URL.
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { results } from './results.mjs';

if (!process.env.AETHER_BRIDGE_URL) {
  console.log('skipped: AETHER_BRIDGE_URL is not set (start aether-bridge and give the url that it prints)');
  process.exit(0);
}
const { status } = spawnSync(
  process.execPath,
  ['--test', '--test-concurrency=1', ...results(), fileURLToPath(new URL('bridge.test.mjs', import.meta.url))],
  { stdio: 'inherit' },
);
process.exit(status ?? 1);

// Builds the window on made-up data into a folder of its own and serves it as the real one is served: from files,
// under a content security policy at least as tight.
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { extname, join, normalize } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'vite';

export const CSP =
  "default-src 'self'; connect-src 'self'; img-src 'self' data: blob:; style-src 'self'; font-src 'self'; script-src 'self'; object-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";
export const CHROMIUM = [
  '--headless',
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];
export const EXECUTABLE = process.env.AETHER_CHROMIUM ?? '/usr/bin/chromium';
const TYPES = {
  '.html': 'text/html',
  '.js': 'text/javascript',
  '.css': 'text/css',
  '.woff2': 'font/woff2',
  '.svg': 'image/svg+xml',
};

export async function serveMock() {
  const root = fileURLToPath(new URL('..', import.meta.url));
  const dir = await mkdtemp(join(tmpdir(), 'aether-ui-'));
  await build({ root, mode: 'mock', logLevel: 'warn', build: { outDir: dir, emptyOutDir: true } });
  const server = createServer(async (request, reply) => {
    const path = normalize(new URL(request.url ?? '/', 'http://x').pathname).replace(/^(\.\.[/\\])+/, '');
    try {
      const file = await readFile(join(dir, path === '/' ? 'index.html' : path));
      // Names of assets change with their content.
      const kept = path.includes('assets') ? 'public, max-age=86400, immutable' : 'no-store';
      reply
        .writeHead(200, {
          'content-type': TYPES[extname(path)] ?? 'text/html',
          'content-security-policy': CSP,
          'cache-control': kept,
        })
        .end(file);
    } catch {
      reply.writeHead(404).end();
    }
  });
  await new Promise((done) => server.listen(0, '127.0.0.1', done));
  return {
    url: `http://127.0.0.1:${server.address().port}/`,
    async close() {
      server.closeAllConnections();
      server.close();
      await rm(dir, { recursive: true, force: true });
    },
  };
}

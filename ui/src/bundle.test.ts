// @vitest-environment node
import { build } from 'vite';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { MARK } from './lib/backend/mock';

interface Chunk {
  fileName: string;
  isEntry?: boolean;
  /** Files that this one loads before it runs. */
  imports?: string[];
  moduleIds?: string[];
  code?: string;
  source?: string | Uint8Array;
}

/** Bytes of script that the first paint may wait for; a little above what the frame and the overview need. */
const FIRST_LOAD_LIMIT = 228_000;

describe('the production bundle', () => {
  let output: Chunk[] = [];
  beforeAll(async () => {
    // Vitest sets another one, with which Svelte's development checks would be built in.
    vi.stubEnv('NODE_ENV', 'production');
    output = ((await build({ mode: 'production', logLevel: 'silent', build: { write: false } })) as { output: Chunk[] })
      .output;
  }, 120_000);
  afterAll(() => void vi.unstubAllEnvs());

  /** The entry and every file that it imports, directly or not. */
  function firstLoad(): Chunk[] {
    const chunks = new Set(output.filter((c) => c.isEntry));
    for (const chunk of chunks)
      for (const name of chunk.imports ?? []) output.filter((c) => c.fileName === name).forEach((c) => chunks.add(c));
    return [...chunks];
  }
  const screenOf = (module: string): string | undefined => /\/src\/screens\/([\w-]+)\/\w+\.svelte$/.exec(module)?.[1];

  it('holds no made-up data, no inline script and no address of its own', () => {
    const text = output.map((c) => c.code ?? (typeof c.source === 'string' ? c.source : '')).join('\n');
    expect(text.length).toBeGreaterThan(50_000);
    expect(text).not.toContain(MARK);
    expect(text).not.toContain('vip-customer-123');
    const page = output.find((c) => c.fileName === 'index.html')?.source;
    expect(page).not.toMatch(/<script(?![^>]*\bsrc=)/);
    expect(page).not.toMatch(/ style=| on\w+=/);
    expect(page).not.toContain('href="/');
  });

  it('loads only the frame and the overview first', () => {
    const screens = firstLoad().flatMap((c) => (c.moduleIds ?? []).flatMap((m) => screenOf(m) ?? []));
    // The overview shows escalation clocks.
    expect([...new Set(screens)].sort()).toEqual(['escalation', 'overview']);
    const bytes = firstLoad().reduce((sum, c) => sum + (c.code?.length ?? 0), 0);
    expect(bytes).toBeGreaterThan(50_000);
    expect(bytes).toBeLessThan(FIRST_LOAD_LIMIT);
  });

  it.each([
    'alerts/Alerts',
    'maintenance/Maintenance',
    'backups/Backups',
    'versions/Versions',
    'rules/Rules',
    'runbooks/Runbooks',
    'checks/Checks',
    'settings/Settings',
    'first-start/FirstStart',
  ])('keeps the screen %s in a file of its own', (screen) => {
    const holder = output.find((c) => c.moduleIds?.some((m) => m.endsWith(`/src/screens/${screen}.svelte`)));
    expect(holder).toBeDefined();
    const others = (holder?.moduleIds ?? []).flatMap((m) => screenOf(m) ?? []);
    expect(new Set(others).has(screen.split('/')[0] ?? '')).toBe(true);
    expect(firstLoad()).not.toContain(holder);
    for (const other of output.filter((c) => c !== holder))
      expect(other.imports?.includes(holder?.fileName ?? '') ?? false, `${other.fileName} needs ${screen}`).toBe(false);
  });
});

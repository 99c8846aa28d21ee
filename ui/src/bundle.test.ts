// @vitest-environment node
import { build } from 'vite';
import { describe, expect, it } from 'vitest';
import { MARK } from './lib/backend/mock';

interface Chunk {
  fileName: string;
  code?: string;
  source?: string | Uint8Array;
}

describe('the production bundle', () => {
  it('holds no made-up data, no inline script and no address of its own', async () => {
    const built = (await build({ mode: 'production', logLevel: 'silent', build: { write: false } })) as {
      output: Chunk[];
    };
    const text = built.output.map((c) => c.code ?? (typeof c.source === 'string' ? c.source : '')).join('\n');
    expect(text.length).toBeGreaterThan(50_000);
    expect(text).not.toContain(MARK);
    expect(text).not.toContain('vip-customer-123');
    const page = built.output.find((c) => c.fileName === 'index.html')?.source;
    expect(page).not.toMatch(/<script(?![^>]*\bsrc=)/);
    expect(page).not.toMatch(/ style=| on\w+=/);
    expect(page).not.toContain('href="/');
  }, 120_000);
});

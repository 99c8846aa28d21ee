import { svelte } from '@sveltejs/vite-plugin-svelte';
import { defineConfig } from 'vitest/config';

// `--mode mock` builds the same window on made-up data (src/lib/backend/mock). Every other mode leaves that code out.
export default defineConfig({
  base: './',
  plugins: [svelte()],
  server: { port: 5173, strictPort: true, host: '127.0.0.1' },
  build: {
    target: ['chrome111', 'safari16.4'],
    // No data: URLs: the window's content security policy allows files of its own only.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    chunkSizeWarningLimit: 700,
  },
  // Component tests run in a DOM, so Svelte's browser build has to be picked.
  resolve: process.env.VITEST ? { conditions: ['browser'] } : undefined,
  test: { environment: 'happy-dom', include: ['src/**/*.test.ts'] },
});

import type { Component } from 'svelte';
import { describe, expect, it, vi } from 'vitest';
import { Lazy } from './lazy.svelte';

const component = (() => ({})) as unknown as Component;

describe('a screen that is loaded when opened', () => {
  it('is loaded once', async () => {
    const load = vi.fn(() => Promise.resolve({ default: component }));
    const lazy = new Lazy(load);
    expect(lazy.component).toBeNull();
    await Promise.all([lazy.open(), lazy.open()]);
    await lazy.open();
    expect(lazy.component).toBe(component);
    expect(load).toHaveBeenCalledTimes(1);
  });

  it('reports a file that could not be loaded and recovers on retry', async () => {
    const load = vi.fn(() => Promise.resolve({ default: component }));
    load.mockRejectedValueOnce(new Error('404'));
    const reload = vi.fn();
    const lazy = new Lazy(load, reload);
    await lazy.open();
    expect(lazy.error).toMatchObject({ source: 'window', detail: '404' });
    await lazy.retry();
    expect(lazy.error).toBeNull();
    expect(lazy.component).toBe(component);
    expect(reload).not.toHaveBeenCalled();
  });

  it('reloads the page when the retry fails too', async () => {
    const reload = vi.fn();
    const lazy = new Lazy(() => Promise.reject(new Error('404')), reload);
    await lazy.open();
    await lazy.retry();
    expect(reload).toHaveBeenCalledTimes(1);
  });
});

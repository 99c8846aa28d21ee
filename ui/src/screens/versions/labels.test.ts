import { describe, expect, it } from 'vitest';
import type { PinLink, PinRow } from '../../lib/contract';
import { isCommand, parts, repository, short } from './labels';

const link = (kind: PinLink['kind'], value: string): PinLink => ({ kind, value, detail: '', state: 'agrees' });

describe('images', () => {
  it('are split into repository, tag and digest', () => {
    expect(parts('prom/prometheus:v2.54.1')).toEqual({ name: 'prom/prometheus', tag: 'v2.54.1', digest: '' });
    expect(parts('host:5000/a/b')).toEqual({ name: 'host:5000/a/b', tag: '', digest: '' });
    expect(parts('a:1@sha256:ff')).toEqual({ name: 'a', tag: '1', digest: 'sha256:ff' });
  });
  it('are shown without the repository of the service', () => {
    expect(short(link('pin', 'prom/prometheus:v2.54.1'), 'prom/prometheus')).toBe('v2.54.1');
    expect(short(link('container', 'ghcr.io/x/prometheus:v2.54.1'), 'prom/prometheus')).toBe(
      'ghcr.io/x/prometheus:v2.54.1',
    );
    expect(short(link('compose', 'prom/prometheus:v2.54.1@sha256:0123456789'), 'prom/prometheus')).toBe(
      'v2.54.1@0123456',
    );
    expect(short(link('compose', 'prom/prometheus'), 'prom/prometheus')).toBe('no tag');
    expect(short(link('image', 'sha256:0123456789ab'), 'x')).toBe('0123456789ab');
    expect(short(link('image', ''), 'x')).toBe('');
  });
  it('take the repository from the pin, otherwise from the container', () => {
    const row = { pinned: null, compose: null, image: 'a/b:1' } as unknown as PinRow;
    expect(repository(row)).toBe('a/b');
    expect(repository({ ...row, pinned: 'c/d:2' })).toBe('c/d');
  });
});

describe('a remedy', () => {
  it('is offered for copying when it is a command', () => {
    expect(isCommand('docker compose up -d prometheus')).toBe(true);
    expect(isCommand('Add it to [[pins]] of the profile.')).toBe(false);
  });
});

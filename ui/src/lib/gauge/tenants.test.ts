import { expect, test } from 'vitest';
import type { Level, TenantValue } from '../contract';
import { worstFirst } from './tenants';

const tenant = (name: string, level: Level, value: number | null, vip = false): TenantValue => ({
  tenant: name,
  vip,
  state: value === null ? 'no-traffic' : 'value',
  value,
  level,
});
const order = (tenants: TenantValue[], higherIsBetter: boolean): string =>
  worstFirst(tenants, higherIsBetter)
    .map((t) => t.tenant)
    .join(' ');

test('worst_tenant_is_shown_before_healthy_vips', () => {
  const rows = [
    tenant('vip-1', 'ok', 90, true),
    tenant('vip-2', 'ok', 80, true),
    tenant('acme', 'critical', 20),
    tenant('globex', 'warn', 60),
  ];
  expect(order(rows, true)).toBe('acme globex vip-2 vip-1');
  expect(rows[0]?.tenant).toBe('vip-1');
});

test('within_a_level_the_worse_value_comes_first_in_the_direction_of_the_gauge', () => {
  const rows = [tenant('low', 'warn', 10), tenant('high', 'warn', 50), tenant('mid', 'warn', 30)];
  expect(order(rows, true)).toBe('low mid high');
  expect(order(rows, false)).toBe('high mid low');
});

test('tenant_without_a_value_comes_last_and_of_equals_the_vip_first', () => {
  const rows = [
    tenant('idle', 'none', null),
    tenant('idle-vip', 'none', null, true),
    tenant('plain', 'ok', 70),
    tenant('vip', 'ok', 70, true),
  ];
  expect(order(rows, true)).toBe('vip plain idle-vip idle');
});

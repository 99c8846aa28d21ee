// The order in which tenants of a gauge are shown where there is no room for all.
import type { Level, TenantValue } from '../contract';

const RANK: Record<Level, number> = { critical: 0, warn: 1, ok: 2, none: 3 };

/** The worst first: by level, then by value, tenants without a value last; of equals VIPs come first. */
export function worstFirst(tenants: readonly TenantValue[], higherIsBetter: boolean): TenantValue[] {
  const badness = (t: TenantValue): number =>
    t.value === null || Number.isNaN(t.value) ? -Infinity : higherIsBetter ? -t.value : t.value;
  return [...tenants].sort((a, b) => {
    if (a.level !== b.level) return RANK[a.level] - RANK[b.level];
    const [ofA, ofB] = [badness(a), badness(b)];
    return ofA === ofB ? Number(b.vip) - Number(a.vip) : ofB > ofA ? 1 : -1;
  });
}

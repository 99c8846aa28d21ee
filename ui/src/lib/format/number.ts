// Numbers with their units. A unit is never left out; a missing number is a dash, never a zero.

export interface Parts {
  /** What stands before the number: a currency sign. */
  prefix: string;
  /** The number. */
  number: string;
  /** What stands behind it: "%", "/100", or the profile's own unit. */
  suffix: string;
}

const cache = new Map<string, Intl.NumberFormat>();

function fixed(value: number, digits: number): string {
  const key = String(digits);
  let format = cache.get(key);
  if (!format) {
    format = new Intl.NumberFormat('en-US', { minimumFractionDigits: digits, maximumFractionDigits: digits });
    cache.set(key, format);
  }
  const text = format.format(value);
  return /^-0(\.0+)?$/.test(text) ? text.slice(1) : text;
}

/** A whole number with thousands separators. */
export function count(value: number): string {
  return fixed(value, 0);
}

function free(value: number): string {
  const size = Math.abs(value);
  if (size >= 1e15 || (size > 0 && size < 1e-4)) return value.toExponential(2);
  if (size >= 100) return fixed(value, 0);
  if (size >= 10) return fixed(value, 1);
  return size >= 1 || size === 0 ? fixed(value, 2) : fixed(value, 4);
}

/** A value in a gauge's unit, in parts, so that the number can be large and the unit small. */
export function parts(value: number, unit: string): Parts {
  switch (unit) {
    case 'percent':
      return { prefix: '', number: Math.abs(value) >= 1000 ? free(value) : fixed(value, 1), suffix: '%' };
    case 'usd':
      return { prefix: value < 0 ? '−$' : '$', number: money(Math.abs(value)), suffix: '' };
    case 'score':
      return { prefix: '', number: fixed(value, Math.abs(value) >= 100 || Number.isInteger(value) ? 0 : 1), suffix: '/100' };
    default:
      return { prefix: '', number: free(value), suffix: unit };
  }
}

function money(value: number): string {
  return value < 1000 ? fixed(value, 2) : fixed(value, 0);
}

/** The same in one piece: "38.4 %", "$61.20", "57/100". */
export function withUnit(value: number | null | undefined, unit: string): string {
  if (value === null || value === undefined || Number.isNaN(value)) return '–';
  if (!Number.isFinite(value)) return value > 0 ? '+∞' : '−∞';
  const p = parts(value, unit);
  const gap = p.suffix === '' || p.suffix.startsWith('/') ? '' : ' ';
  return `${p.prefix}${p.number}${gap}${p.suffix}`;
}

/** A threshold: as short as it is exact ("50 %", "$200", "80"). */
export function threshold(value: number, unit: string): string {
  const short = Number.isInteger(value) ? fixed(value, 0) : String(value);
  if (unit === 'percent') return `${short} %`;
  if (unit === 'usd') return `$${short}`;
  if (unit === 'score') return short;
  return unit ? `${short} ${unit}` : short;
}

/** The value of an alert's expression, whose unit is not known. */
export function bare(value: number): string {
  if (!Number.isFinite(value)) return String(value);
  return Number.isInteger(value) && Math.abs(value) < 1e15 ? fixed(value, 0) : free(value);
}

/** "1 alert", "7 alerts". */
export function plural(n: number, one: string, many = `${one}s`): string {
  return `${count(n)} ${n === 1 ? one : many}`;
}

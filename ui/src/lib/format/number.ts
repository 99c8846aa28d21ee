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

const short = new Intl.NumberFormat('en-US', { notation: 'compact', maximumSignificantDigits: 4 });

function free(value: number): string {
  const size = Math.abs(value);
  if (size >= 1e15 || (size > 0 && size < 1e-4)) return value.toExponential(1);
  if (size >= 1e6) return short.format(value);
  if (size >= 100) return fixed(value, 0);
  if (size >= 10) return fixed(value, 1);
  return size >= 1 || size === 0 ? fixed(value, 2) : fixed(value, 4);
}

/** One decimal, and never rounded up to all or down to nothing. */
function share(value: number): string {
  if (Math.abs(value) >= 1000) return free(value);
  if (value >= 99.95 && value < 100) return '> 99.9';
  return value > 0 && value < 0.05 ? '< 0.1' : fixed(value, 1);
}

/** A share of a whole: "99.9 %". The panel's other texts have the same digits (`foundation/src/units.rs`). */
export const percent = (value: number): string => `${share(value)} %`;

/** A value in a gauge's unit, in parts, so that the number can be large and the unit small. */
export function parts(value: number, unit: string): Parts {
  switch (unit) {
    case 'percent':
      return { prefix: '', number: share(value), suffix: '%' };
    case 'usd':
      return { prefix: value < 0 ? '−$' : '$', number: money(Math.abs(value)), suffix: '' };
    case 'score':
      return {
        prefix: '',
        number: Math.abs(value) >= 1000 ? free(value) : fixed(value, 1).replace(/\.0$/, ''),
        suffix: '/100',
      };
    default:
      return { prefix: '', number: free(value), suffix: unit };
  }
}

function money(value: number): string {
  return value < 1000 ? fixed(value, 2) : value < 1e6 ? fixed(value, 0) : free(value);
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
  const exact =
    Number.isInteger(value) && Math.abs(value) < 1e6
      ? fixed(value, 0)
      : Number.isInteger(value)
        ? free(value)
        : String(value);
  if (unit === 'percent') return `${exact} %`;
  if (unit === 'usd') return `$${exact}`;
  if (unit === 'score') return exact;
  return unit ? `${exact} ${unit}` : exact;
}

/** The value of an alert's expression, whose unit is not known. */
export function bare(value: number): string {
  if (!Number.isFinite(value)) return String(value);
  return Number.isInteger(value) && Math.abs(value) < 1e6 ? fixed(value, 0) : free(value);
}

/** A size: "812 B", "1.2 kB", "1.4 GB". */
export function size(bytes: number): string {
  if (!Number.isFinite(bytes)) return '–';
  const units = ['B', 'kB', 'MB', 'GB', 'TB'];
  let value = Math.abs(bytes);
  let unit = 0;
  while (value >= 999.5 && unit < units.length - 1) {
    value /= 1000;
    unit += 1;
  }
  return `${fixed(value, unit === 0 || value >= 99.5 ? 0 : 1)} ${units[unit]}`;
}

/** "1 alert", "7 alerts". */
export function plural(n: number, one: string, many = `${one}s`): string {
  return `${count(n)} ${n === 1 ? one : many}`;
}

// Numbers with their units.
import { splitName } from './model';

/** Units as the registry names them (docs/registry.md); '' is a bare number. */
export type Unit = string;

/** The unit of a measure: the catalogue's, or the one that its name tells. */
export function unitOf(name: string, catalogue?: ReadonlyMap<string, Unit>): Unit {
  const known = catalogue?.get(name.trim().toLowerCase());
  if (known !== undefined) return known;
  const attribute = splitName(name)?.attribute ?? name;
  return unitsByName.find(({ pattern }) => pattern.test(attribute))?.unit ?? '';
}
// First match wins. The registry is the source; this is for names it does not know.
const unitsByName: readonly { pattern: RegExp; unit: Unit }[] = [
  { pattern: /Percentage$/i, unit: '%' },
  { pattern: /Streams?( JPDR)? Count$/i, unit: 'streams' },
  { pattern: /Count$/i, unit: '' },
  { pattern: /Rating Avg$/i, unit: '1-5' },
  { pattern: /^Avg .*(Jitter|Round Trip|Processing Latency)/i, unit: 'ms' },
  { pattern: /^Avg .*(Loss Rate|FECPLR|Ratio)/i, unit: 'ratio' },
  { pattern: /^Avg .*MOS/i, unit: 'MOS' },
  { pattern: /^Avg .*Degradation/i, unit: 'MOS points' },
  { pattern: /^Avg .*Level$/i, unit: 'dB' },
  { pattern: /^Avg .*Frame Rate( Average)?$/i, unit: 'frames/s' },
  { pattern: /^Avg .*(Percent|Percentage)/i, unit: '%' },
  { pattern: /Duration$/i, unit: 's' },
  { pattern: /Minutes\)$/i, unit: 'min' },
];

export interface NumberStyle {
  /** A BCP 47 language, for separators. */
  locale: string;
  /** 1.2M in place of 1,234,567: for axes. */
  compact?: boolean;
  /** The unit behind the number. */
  withUnit?: boolean;
  /** A sign even for a rise. */
  signed?: boolean;
}

/** What is shown where there is no value. */
export const noValue = '–';

/** A number for people, at most three decimals (answers have no more); null is a dash, never 0. */
export function formatNumber(value: number | null, unit: Unit, style: NumberStyle): string {
  if (value === null || !Number.isFinite(value)) return noValue;
  const text = formatter(unit, style).format(value);
  if (!style.withUnit) return text;
  // A change of a share is in points, not in percent.
  if (unit === '%') return style.signed ? text : `${text}\u00a0%`;
  return shownUnits.has(unit) ? `${text}\u00a0${unit}` : text;
}
/** Units that say something behind a number; 'streams' and 'ratio' do not. */
const shownUnits = new Set(['ms', 's', 'min', 'dB', 'MOS', 'bit/s', 'frames/s']);

const formatters = new Map<string, Intl.NumberFormat>();
/** Making a formatter costs far more than using it: tables have thousands of cells. */
function formatter(unit: Unit, style: NumberStyle): Intl.NumberFormat {
  const percent = unit === '%' && style.withUnit === true && !style.compact;
  const key = `${style.locale}|${style.compact}|${style.signed}|${unit === '%'}|${percent}`;
  let found = formatters.get(key);
  if (!found) {
    const options: Intl.NumberFormatOptions = {
      maximumFractionDigits: style.compact ? 1 : unit === '%' ? 2 : 3,
    };
    // Shares stand below each other: 6.00 above 5.94.
    if (percent) options.minimumFractionDigits = 2;
    if (style.compact) options.notation = 'compact';
    if (style.signed) options.signDisplay = 'exceptZero';
    found = makeFormatter(style.locale, options);
    formatters.set(key, found);
  }
  return found;
}
function makeFormatter(locale: string, options: Intl.NumberFormatOptions): Intl.NumberFormat {
  try {
    return new Intl.NumberFormat(locale, options);
  } catch {
    return new Intl.NumberFormat('en', options);  // an unknown language tag
  }
}

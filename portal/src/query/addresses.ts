// Subnets and addresses in their own order: 10.2.0.0 before 10.10.0.0, IPv4 before IPv6.
import { splitName } from './model';
import { blankKey } from './values';

/** Attributes whose members are addresses of networks or machines (docs/registry.md). */
export const isAddressName = (name: string): boolean =>
  /^(?:(?:First|Second) )?(?:Subnet|Network|IP Address|Reflexive Local IP|Relay IP|Media Relay)$/i
    .test(splitName(name)?.attribute ?? '');

/**
 * A text that sorts, character by character, as the addresses do: by family, address, then length of the prefix; what is no
 * address comes behind them. Null for the blank member, which comes last whichever way is sorted.
 */
export function addressKey(caption: string): string | null {
  const text = caption.trim();
  if (text === '' || text === blankKey) return null;
  // "address/length"; of "relay + relay" the first counts; a zone ("%eth0") is no part of the address.
  const match = /^([0-9a-f.:]+)(?:%[^/\s]*)?(?:\/(\d{1,3}))?(?:\s*\+.*)?$/i.exec(text);
  const [family, bytes] = match ? parseAddress(match[1] ?? '') : ['', null];
  if (!bytes) return `9${text.toLowerCase()}`;
  return family + bytes.map(hex).join('') + hex(Number(match?.[2] ?? 8 * bytes.length));
}
const hex = (byte: number): string => byte.toString(16).padStart(2, '0');

function parseAddress(text: string): ['4' | '6', number[] | null] {
  return text.includes(':') ? ['6', parseV6(text)] : ['4', parseV4(text)];
}
function parseV4(text: string): number[] | null {
  const parts = text.split('.');
  if (parts.length !== 4 || !parts.every((part) => /^\d{1,3}$/.test(part) && Number(part) < 256)) return null;
  return parts.map(Number);
}
function parseV6(text: string): number[] | null {
  const halves = text.split('::');
  if (halves.length > 2) return null;
  const [head, tail] = [groupsOf(halves[0] ?? ''), groupsOf(halves[1] ?? '')];
  if (!head || !tail) return null;
  const missing = 16 - head.length - tail.length;
  if (halves.length === 1 ? missing !== 0 : missing < 2) return null;
  return [...head, ...Array<number>(missing).fill(0), ...tail];
}
/** Bytes of "2001:db8" or "ffff:10.0.0.1". */
function groupsOf(text: string): number[] | null {
  if (text === '') return [];
  const bytes: number[] = [];
  const parts = text.split(':');
  for (const [i, part] of parts.entries()) {
    const v4 = i === parts.length - 1 && part.includes('.') ? parseV4(part) : null;
    if (v4) bytes.push(...v4);
    else if (/^[0-9a-f]{1,4}$/i.test(part)) bytes.push(parseInt(part, 16) >> 8, parseInt(part, 16) & 255);
    else return null;
  }
  return bytes;
}

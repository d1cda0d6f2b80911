// Other limits of the classifier in an address: `Audio.JitterInterArrival:20,Audio.PacketLossRate:0.05`.
import type { Limits } from './model';

export const writeLimits = (limits: Limits): string =>
  Object.entries(limits).flatMap(([medium, metrics]) => Object.entries(metrics).map(([metric, value]) => `${medium}.${metric}:${value}`)).join(',');

/** Null when no limit can be read. Whether it is known and in its range the server says. */
export function parseLimits(text: string): Limits | null {
  const limits: Record<string, Record<string, number>> = {};
  for (const part of text.split(',').slice(0, 100)) {
    const match = /^([A-Za-z]+)\.([A-Za-z]+):(-?\d+(?:\.\d+)?(?:e-?\d+)?)$/.exec(part.trim());
    if (!match) continue;
    (limits[match[1]!] ??= {})[match[2]!] = Number(match[3]);
  }
  return Object.keys(limits).length > 0 ? limits : null;
}

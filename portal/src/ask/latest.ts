// The month that a page without one in its address begins with: this one, or the last with data.
import { getStatus } from '../api/status';
import { useLoad } from '../ui/load';
import { compareMonths, monthOf, type Month } from '../time/month';

interface StatusPart {
  stages?: { stage: string; freshness?: { data_through?: string | null } }[];
}

async function latestMonth(zone: string, signal: AbortSignal): Promise<Month> {
  const now = monthOf(new Date(), zone);
  const status = await getStatus<StatusPart>(signal).catch(() => undefined);
  const through = status?.stages?.find((one) => one.stage === 'cube')?.freshness?.data_through;
  const last = through ? monthOf(new Date(through), zone) : now;
  return compareMonths(last, now) < 0 ? last : now;
}

/** Undefined until it is known; a `chosen` month is at once. */
export function useMonth(chosen: Month | null, zone: string | undefined): Month | undefined {
  const latest = useLoad((signal) => (chosen ? Promise.resolve(chosen) : latestMonth(zone ?? 'UTC', signal)), [chosen === null, zone]);
  return chosen ?? latest.value;
}

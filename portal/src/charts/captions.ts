// Captions of an answer in the reader's language: months are translated, everything else stays as it is.
import { language } from '../text/text';
import { formatMonth, monthOfCaption } from '../time/month';

export function shownCaption(caption: string, style: 'long' | 'short' = 'long'): string {
  const month = monthOfCaption(caption);
  if (!month || (language() === 'en' && style === 'long')) return caption;
  return formatMonth(month, style);
}

// One month: back, forward, or picked from a year.
import { useEffect, useId, useRef, useState } from 'preact/hooks';
import { t } from '../text/text';
import { addMonths, compareMonths, formatMonth, type Month } from '../time/month';
import { Button } from './button';
import { classes } from './classes';

export function MonthPicker({ month, onChange, latest }: {
  month: Month; onChange: (month: Month) => void;
  /** Last month with data, marked in the list; later ones can be chosen too. */
  latest?: Month;
}) {
  const [open, setOpen] = useState(false);
  const [year, setYear] = useState(month.year);
  const box = useRef<HTMLDivElement>(null);
  const id = useId();
  useEffect(() => {
    if (!open) return undefined;
    setYear(month.year);
    box.current?.querySelector<HTMLElement>('[aria-current="date"]')?.focus();
    const outside = (event: Event) => { if (!box.current?.contains(event.target as Node)) setOpen(false); };
    document.addEventListener('pointerdown', outside);
    return () => document.removeEventListener('pointerdown', outside);
  }, [open]);
  const close = () => {
    setOpen(false);
    box.current?.querySelector<HTMLElement>('[aria-haspopup]')?.focus();
  };
  return (
    <div
      class="month-picker" ref={box} role="group" aria-label={t('month.choose')}
      onKeyDown={(event) => { if (event.key === 'Escape' && open) { event.stopPropagation(); close(); } }}
    >
      <Button look="quiet" icon="back" label={t('month.previous')} onClick={() => onChange(addMonths(month, -1))} />
      <Button
        class="month-button" icon="calendar" aria-haspopup="dialog" aria-expanded={open} aria-controls={open ? id : undefined}
        aria-label={t('month.shown', { month: formatMonth(month) })} onClick={() => setOpen(!open)}
      >
        {formatMonth(month)}
      </Button>
      <Button look="quiet" icon="forward" label={t('month.next')} onClick={() => onChange(addMonths(month, 1))} />
      {open && (
        <div class="month-list" id={id} role="dialog" aria-label={t('month.choose')}>
          <div class="spread">
            <Button look="quiet" icon="back" label={t('month.year_previous')} onClick={() => setYear(year - 1)} />
            <strong aria-live="polite">{year}</strong>
            <Button look="quiet" icon="forward" label={t('month.year_next')} onClick={() => setYear(year + 1)} />
          </div>
          <div class="month-grid">
            {Array.from({ length: 12 }, (_, i) => ({ year, month: i + 1 })).map((one) => {
              const same = compareMonths(one, month) === 0;
              return (
                <button
                  key={one.month} type="button" aria-current={same ? 'date' : undefined} aria-label={formatMonth(one)}
                  class={classes('month-one', latest && compareMonths(one, latest) > 0 && 'month-later')}
                  onClick={() => { close(); onChange(one); }}
                >
                  {formatMonth(one, 'short').replace(String(year), '').replace(/[年\s]|г\./g, '').trim()}
                </button>
              );
            })}
          </div>
        </div>
      )}
    </div>
  );
}

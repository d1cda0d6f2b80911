// What can be asked about the bar or row that was clicked. Keys as WAI-ARIA's menu pattern says.
import { useEffect, useLayoutEffect, useRef, useState } from 'preact/hooks';
import type { Picked } from '../../ask/answer_table';
import { shownCaption } from '../../charts/captions';
import { t } from '../../text/text';
import { Icon, type IconName } from '../../ui/icon';
import { filtersOfMeasure, isMonthName, labelOf, sameName, usualBreakdowns } from '../../query';

interface Props {
  picked: Picked;
  members: readonly { name: string; caption: string }[];
  /** Attributes that the answer is grouped by already. */
  used: readonly string[];
  measure: string | null;
  /** Why that month is worse than the one before it, by its caption. */
  onWhy: (caption: string) => void;
  onOnly: (index: number) => void;
  onWithout: (index: number) => void;
  onBreakDown: (index: number, by: string) => void;
  onOther: (index: number) => void;
  onMeasure: (name: string) => void;
  onClose: () => void;
}

export function PickMenu(props: Props) {
  const { picked, onClose } = props;
  const box = useRef<HTMLDivElement>(null);
  const [place, setPlace] = useState({ left: picked.x, top: picked.y });
  const back = useRef(document.activeElement);

  useLayoutEffect(() => {
    const size = box.current!.getBoundingClientRect();
    setPlace({
      left: Math.max(8, Math.min(picked.x, innerWidth - size.width - 8)),
      top: Math.max(8, Math.min(picked.y, innerHeight - size.height - 8)),
    });
  }, [picked]);
  useEffect(() => {
    // Where it will stand is not known to the browser yet: it must not scroll there.
    items()[0]?.focus({ preventScroll: true });
    const outside = (event: Event) => { if (!box.current?.contains(event.target as Node)) onClose(); };
    document.addEventListener('pointerdown', outside);
    return () => {
      document.removeEventListener('pointerdown', outside);
      if (back.current instanceof HTMLElement) back.current.focus();
    };
  }, []);

  const items = () => [...(box.current?.querySelectorAll<HTMLElement>('[role=menuitem]') ?? [])];
  const onKeyDown = (event: KeyboardEvent) => {
    const all = items();
    const at = all.indexOf(document.activeElement as HTMLElement);
    const to = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: all.length - 1 }[event.key];
    if (event.key === 'Escape' || event.key === 'Tab') {
      event.preventDefault();
      onClose();
    } else if (to !== undefined) {
      event.preventDefault();
      all[(to + all.length) % all.length]?.focus();
    }
  };
  return (
    <div ref={box} class="menu-list pick-menu" role="menu" aria-label={t('explore.next')} style={{ left: `${place.left}px`, top: `${place.top}px` }} onKeyDown={onKeyDown}>
      {props.members.map((member, index) => <MemberPart key={member.name} {...props} member={member} index={index} />)}
      {props.measure !== null && filtersOfMeasure(props.measure) && (
        <div class="menu-part" role="group" aria-label={labelOf(props.measure)}>
          <Item icon="filter" label={t('explore.only_measure', { name: labelOf(props.measure) })} onSelect={() => { onClose(); props.onMeasure(props.measure!); }} />
        </div>
      )}
    </div>
  );
}

function MemberPart({ member, index, used, onWhy, onOnly, onWithout, onBreakDown, onOther, onClose }: Props & {
  member: { name: string; caption: string }; index: number;
}) {
  const name = member.caption || t('ask.blank');
  const run = (action: () => void) => () => { onClose(); action(); };
  const ways = usualBreakdowns.filter((way) => !used.some((one) => sameName(one, way)) && !isMonthName(way)).slice(0, 7);
  return (
    <div class="menu-part" role="group" aria-label={`${labelOf(member.name)}: ${name}`}>
      <div class="menu-heading" aria-hidden="true">{labelOf(member.name)}: {name}</div>
      <Item icon="filter" label={t('explore.only_member', { name })} onSelect={run(() => onOnly(index))} />
      {!isMonthName(member.name) && <Item icon="close" label={t('explore.without_member', { name })} onSelect={run(() => onWithout(index))} />}
      {isMonthName(member.name) && <Item icon="help" label={t('explore.why_month', { name: shownCaption(name) })} onSelect={run(() => onWhy(member.caption))} />}
      <div class="menu-heading" aria-hidden="true">{t('explore.break_down')}</div>
      {ways.map((way) => (
        <Item key={way} icon="chart" label={labelOf(way)} says={t('explore.break_by_named', { name, by: labelOf(way) })} onSelect={run(() => onBreakDown(index, way))} />
      ))}
      <Item icon="search" label={t('explore.other')} onSelect={run(() => onOther(index))} />
    </div>
  );
}

function Item({ icon, label, says, onSelect }: { icon: IconName; label: string; says?: string; onSelect: () => void }) {
  return (
    <button type="button" class="menu-item" role="menuitem" tabIndex={-1} aria-label={says} onClick={onSelect}>
      <span class="menu-mark"><Icon name={icon} size={16} /></span>{label}
    </button>
  );
}

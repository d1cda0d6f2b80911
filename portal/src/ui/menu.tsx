// A button that opens a list of actions. Arrow keys, Home, End, Escape as WAI-ARIA's menu button pattern says.
import type { ComponentChildren } from 'preact';
import { useEffect, useId, useRef, useState } from 'preact/hooks';
import { Button } from './button';
import { classes } from './classes';
import { Icon, type IconName } from './icon';

export interface MenuItem {
  label: string;
  icon?: IconName;
  /** Set: a switch or one of a group, with its state. */
  checked?: boolean;
  onSelect?: () => void;
  href?: string;
  download?: string;
  danger?: boolean;
  disabled?: boolean;
}
/** Parts are divided by a line; `heading` names the part. */
export interface MenuPart {
  heading?: string;
  items: MenuItem[];
}

export function Menu({ label, icon, children, parts, look = 'quiet', align = 'right', class: extra }: {
  label: string; icon?: IconName; children?: ComponentChildren; parts: MenuPart[];
  look?: 'primary' | 'plain' | 'quiet'; align?: 'left' | 'right'; class?: string;
}) {
  const [open, setOpen] = useState(false);
  const box = useRef<HTMLDivElement>(null);
  const id = useId();

  useEffect(() => {
    if (!open) return undefined;
    items()[0]?.focus();
    const outside = (event: Event) => { if (!box.current?.contains(event.target as Node)) setOpen(false); };
    document.addEventListener('pointerdown', outside);
    return () => document.removeEventListener('pointerdown', outside);
  }, [open]);

  const items = () => [...(box.current?.querySelectorAll<HTMLElement>('[data-menu-item]:not([aria-disabled=true])') ?? [])];
  const close = () => {
    setOpen(false);
    box.current?.querySelector<HTMLElement>('[aria-haspopup]')?.focus();
  };
  const onKeyDown = (event: KeyboardEvent) => {
    const all = items();
    const at = all.indexOf(document.activeElement as HTMLElement);
    const to = { ArrowDown: at + 1, ArrowUp: at - 1 + (at < 0 ? 1 : 0), Home: 0, End: all.length - 1 }[event.key];
    if (event.key === 'Escape' && open) {
      event.stopPropagation();
      event.preventDefault();
      close();
    } else if (event.key === 'Tab') {
      setOpen(false);
    } else if (to !== undefined) {
      event.preventDefault();
      if (!open) setOpen(true);
      else all[(to + all.length) % all.length]?.focus();
    }
  };

  return (
    <div class={classes('menu', extra)} ref={box} onKeyDown={onKeyDown}>
      <Button
        look={look}
        {...(icon ? { icon } : {})}
        label={label}
        aria-label={label}
        aria-haspopup="menu"
        aria-expanded={open}
        aria-controls={open ? id : undefined}
        onClick={() => setOpen(!open)}
      >
        {children}
      </Button>
      {open && (
        <div class={classes('menu-list', `menu-${align}`)} role="menu" id={id} aria-label={label}>
          {parts.filter((part) => part.items.length > 0).map((part, index) => (
            <div key={index} class="menu-part" role="group" aria-label={part.heading}>
              {part.heading && <div class="menu-heading" aria-hidden="true">{part.heading}</div>}
              {part.items.map((item) => <Entry key={item.label} item={item} onDone={close} />)}
            </div>
          ))}
        </div>
      )}
    </div>
  );
}

function Entry({ item, onDone }: { item: MenuItem; onDone: () => void }) {
  const select = () => {
    if (item.disabled) return;
    onDone();
    item.onSelect?.();
  };
  const inside = (
    <>
      <span class="menu-mark">{item.checked ? <Icon name="check" size={16} /> : item.icon && <Icon name={item.icon} size={16} />}</span>
      {item.label}
    </>
  );
  const shared = {
    class: classes('menu-item', item.danger && 'menu-danger'),
    role: item.checked === undefined ? 'menuitem' as const : 'menuitemcheckbox' as const,
    'aria-checked': item.checked,
    'aria-disabled': item.disabled ? 'true' as const : undefined,
    'data-menu-item': true,
    tabIndex: -1,
    onClick: select,
  };
  return item.href
    ? <a {...shared} href={item.href} download={item.download}>{inside}</a>
    : <button type="button" {...shared}>{inside}</button>;
}

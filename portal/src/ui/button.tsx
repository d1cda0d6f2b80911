import type { ComponentChildren, JSX } from 'preact';
import { classes } from './classes';
import { Icon, type IconName } from './icon';

interface ButtonProps extends Omit<JSX.IntrinsicElements['button'], 'icon' | 'ref' | 'loading'> {
  /** primary: the one thing to do here; danger: cannot be had back; quiet: no frame, for rows of actions. */
  look?: 'primary' | 'plain' | 'quiet' | 'danger';
  icon?: IconName;
  /** Only the icon is drawn; `label` is its name for tooltips and screen readers. */
  label?: string;
  busy?: boolean;
  children?: ComponentChildren;
}

export function Button({ look = 'plain', icon, label, busy, children, class: extra, disabled, ...rest }: ButtonProps) {
  return (
    <button
      type="button"
      {...rest}
      class={classes('button', `button-${look}`, !children && 'button-icon', extra as string)}
      disabled={Boolean(disabled) || Boolean(busy)}
      aria-busy={busy ? 'true' : undefined}
      aria-label={children ? rest['aria-label'] : label}
      title={rest.title ?? label}
    >
      {busy ? <span class="spinner" aria-hidden="true" /> : icon && <Icon name={icon} />}
      {children}
    </button>
  );
}

/** A link that looks like a button. */
export function ButtonLink({ look = 'plain', icon, href, children, ...rest }: {
  look?: 'primary' | 'plain' | 'quiet'; icon?: IconName; href: string; children: ComponentChildren; title?: string;
  download?: string; class?: string;
}) {
  return (
    <a {...rest} href={href} class={classes('button', `button-${look}`, rest.class)}>
      {icon && <Icon name={icon} />}
      {children}
    </a>
  );
}

import type { ComponentChildren } from 'preact';
import { classes } from './classes';

/** A framed part of a page with its heading; `heading` is the level of that heading. */
export function Card({ title, actions, children, class: extra, id, heading = 2 }: {
  title?: ComponentChildren; actions?: ComponentChildren; children?: ComponentChildren; class?: string; id?: string;
  heading?: 2 | 3;
}) {
  const Heading = `h${heading}` as 'h2' | 'h3';
  return (
    <section class={classes('card', extra)} id={id}>
      {(title || actions) && (
        <header class="card-head">
          {title && <Heading class="card-title">{title}</Heading>}
          {actions && <div class="card-actions">{actions}</div>}
        </header>
      )}
      {children}
    </section>
  );
}

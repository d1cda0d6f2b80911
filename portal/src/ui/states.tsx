// What a page shows instead of its content: still coming, nothing there, went wrong.
import type { ComponentChildren } from 'preact';
import { ApiError } from '../api/http';
import { t } from '../text/text';
import { Button } from './button';
import { Icon, type IconName } from './icon';

export function Loading({ label, height }: { label?: string; height?: number }) {
  return (
    <div class="state state-loading" role="status" style={height ? { minHeight: `${height}px` } : undefined}>
      <span class="spinner spinner-large" aria-hidden="true" />
      <span>{label ?? t('common.loading')}</span>
    </div>
  );
}

export function Empty({ title, text, icon = 'info', actions, height }: {
  title: string; text?: ComponentChildren; icon?: IconName; actions?: ComponentChildren; height?: number;
}) {
  return (
    <div class="state" style={height ? { minHeight: `${height}px` } : undefined}>
      <Icon name={icon} size={32} />
      <p class="state-title">{title}</p>
      {text && <p>{text}</p>}
      {actions && <div class="row">{actions}</div>}
    </div>
  );
}

/** What happened, in a sentence for people. */
export function explain(error: unknown): string {
  if (!(error instanceof ApiError)) return t('error.unexpected');
  if (error.kind === 'network') return t('error.network');
  if (error.kind === 'timeout') return t('error.timeout');
  if (error.kind === 'format') return t('error.format');
  if (error.kind === 'query' && error.code === '3') return t('error.cube_unavailable');
  if (error.kind === 'query' && error.code === '5') return t('error.too_much');
  if (error.status === 401) return t('error.sign_in');
  if (error.status === 403) return t('error.not_allowed');
  if (error.status === 404) return t('error.not_found');
  if (error.status === 412) return t('error.changed_meanwhile');
  if (error.status >= 500) return t('error.server', { status: String(error.status) });
  return t('error.refused');
}

export function Failure({ error, onRetry, height }: { error: unknown; onRetry?: () => void; height?: number }) {
  const detail = error instanceof ApiError && error.kind !== 'network' ? error.detail : '';
  return (
    <div class="state state-failure" role="alert" style={height ? { minHeight: `${height}px` } : undefined}>
      <Icon name="alert" size={32} />
      <p class="state-title">{explain(error)}</p>
      {detail && <p class="detail">{detail}</p>}
      {error instanceof ApiError && error.kind === 'query' && error.code === '3' && <p><a href="#/Health">{t('error.to_health')}</a></p>}
      {onRetry && <Button icon="refresh" onClick={onRetry}>{t('common.retry')}</Button>}
    </div>
  );
}

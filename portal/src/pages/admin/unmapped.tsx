// Subnets that no network of the customer tables covers, the busiest first.
import { useState } from 'preact/hooks';
import { ApiError, json } from '../../api/http';
import type { PageProps } from '../../app/page';
import { href } from '../../app/route';
import { formatNumber, t } from '../../text/text';
import { ButtonLink } from '../../ui/button';
import { Card } from '../../ui/card';
import { Select } from '../../ui/field';
import { useLoad } from '../../ui/load';
import { Empty, Failure, Loading } from '../../ui/states';

interface Answer {
  from: string; to: string; subnet_count: number; stream_ends: number;
  subnets: { subnet: string; stream_ends: number; audio_poor_stream_ends: number }[];
}

export function Unmapped(_props: PageProps) {
  const [months, setMonths] = useState('3');
  const load = useLoad((signal) => json<Answer>(`/api/v1/mapping/unmapped?n=500&months=${months}`, { signal }), [months]);
  const answer = load.value;
  const noCube = load.error instanceof ApiError && load.error.status === 503;
  const busiest = answer?.subnets[0]?.stream_ends ?? 1;
  // To be filled in by hand: the key of the building, and the length where 24 is wrong.
  const template = answer && `data:text/csv;charset=utf-8,${encodeURIComponent(
    `Network,NetworkRange,BuildingKey\r\n${answer.subnets.map((one) => `${one.subnet},${one.subnet.includes(':') ? 64 : 24},\r\n`).join('')}`)}`;
  return (
    <Card
      title={t('admin.unmapped')}
      actions={answer && answer.subnets.length > 0 && <ButtonLink icon="download" href={template!} download="networks.csv">{t('admin.unmapped_template')}</ButtonLink>}
    >
      <div class="stack">
        <p class="muted">{t('admin.unmapped_text')} <a href={href('admin', ['tables', 'networks'])}>{t('admin.to_networks')}</a></p>
        <div class="admin-search">
          <Select
            label={t('admin.months')} value={months} onChange={setMonths}
            options={['1', '3', '7', '13'].map((one) => ({ value: one, label: t('admin.month_count', { count: Number(one) }) }))}
          />
        </div>
        {noCube && <Empty title={t('admin.no_cube')} text={<a href={href('health')}>{t('error.to_health')}</a>} />}
        {load.error !== undefined && !noCube && <Failure error={load.error} onRetry={load.again} />}
        {!answer && load.error === undefined && <Loading height={200} />}
        {answer && answer.subnets.length === 0 && <Empty icon="check" title={t('admin.unmapped_none')} />}
        {answer && answer.subnets.length > 0 && (
          <>
            <p>{t('admin.unmapped_count', { count: answer.subnet_count, ends: answer.stream_ends, from: answer.from, to: answer.to })}</p>
            <div class="table-scroll admin-rows" tabIndex={0} role="region" aria-label={t('admin.unmapped')}>
              <table class="table">
                <thead>
                  <tr>
                    <th scope="col">{t('admin.subnet')}</th>
                    <th scope="col">{t('admin.stream_ends')}</th>
                    <th scope="col" class="number">{t('admin.poor_ends')}</th>
                  </tr>
                </thead>
                <tbody>
                  {answer.subnets.map((one) => (
                    <tr key={one.subnet}>
                      <td>{one.subnet}</td>
                      <td>
                        <div class="health-duration">
                          <span>{formatNumber(one.stream_ends)}</span>
                          <span class="health-bar" aria-hidden="true"><span style={{ width: `${(one.stream_ends / busiest) * 100}%` }} /></span>
                        </div>
                      </td>
                      <td class="number">{formatNumber(one.audio_poor_stream_ends)}</td>
                    </tr>
                  ))}
                </tbody>
              </table>
            </div>
          </>
        )}
      </div>
    </Card>
  );
}

// What is wrong with the report, and where.
import type { Catalogue } from '../../ask/catalogue';
import { problemText } from '../../ask/filter_dialog';
import { t, type TextKey } from '../../text/text';
import { Icon } from '../../ui/icon';
import type { Problem } from '../../query';

export function ProblemList({ problems }: { problems: readonly Problem[]; catalogue: Catalogue }) {
  if (problems.length === 0) return null;
  const errors = problems.filter((problem) => problem.severity === 'error');
  return (
    <section class={errors.length > 0 ? 'problems problems-error' : 'problems'} id="editor-problems" tabIndex={-1} aria-label={t('editor.problems')}>
      <Icon name={errors.length > 0 ? 'alert' : 'info'} />
      <ul>
        {[...errors, ...problems.filter((problem) => problem.severity === 'warning')].map((problem, i) => (
          <li key={i}>
            <strong>{t(`editor.where_${problem.part}` as TextKey, { number: (problem.index ?? 0) + 1 })}</strong>{' '}
            {problemText(problem)}
          </li>
        ))}
      </ul>
    </section>
  );
}

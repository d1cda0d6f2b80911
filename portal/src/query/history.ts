// Undo and redo: states one after another; quick changes of one thing count as one step.

export interface History<T> {
  past: readonly T[];
  present: T;
  future: readonly T[];
  /** What the last change was about; a further change of the same joins it. */
  topic: string;
}
const stepsMax = 200;

export const startHistory = <T>(present: T): History<T> => ({ past: [], present, future: [], topic: '' });

/** `topic` not empty: joins the last step when that had the same one ("title" while typing). */
export function change<T>(history: History<T>, present: T, topic = ''): History<T> {
  if (Object.is(present, history.present)) return history;
  const joins = topic !== '' && topic === history.topic && history.past.length > 0;
  const past = joins ? history.past : [...history.past, history.present].slice(-stepsMax);
  return { past, present, future: [], topic };
}
export function undo<T>(history: History<T>): History<T> {
  const before = history.past.at(-1);
  if (before === undefined) return history;
  return { past: history.past.slice(0, -1), present: before,
           future: [history.present, ...history.future], topic: '' };
}
export function redo<T>(history: History<T>): History<T> {
  const [after, ...rest] = history.future;
  if (after === undefined) return history;
  return { past: [...history.past, history.present], present: after, future: rest, topic: '' };
}

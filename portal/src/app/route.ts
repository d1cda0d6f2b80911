// Addresses of pages: what stands behind '#'. Old links (`#/<report set>/<yyyy-M>`, `#/Health`) work as they did.

export interface Route {
  /** 'set' for a report set, else the page's word in lower case; '' for the start page. */
  page: string;
  /** What follows the word, decoded; for a report set: its id, the month, and so on. */
  segments: readonly string[];
  query: URLSearchParams;
}

const decode = (text: string): string => {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
};

/** Of `location.hash`; never fails, whatever stands there. */
export function parseRoute(hash: string): Route {
  const text = hash.replace(/^#/, '');
  const mark = text.indexOf('?');
  const path = mark < 0 ? text : text.slice(0, mark);
  const query = new URLSearchParams(mark < 0 ? '' : text.slice(mark + 1));
  const parts = path.split('/').filter((part) => part !== '').map(decode);
  const [first, ...rest] = parts;
  if (first === undefined) return { page: '', segments: [], query };
  if (/^\d+$/.test(first)) return { page: 'set', segments: parts, query };
  return { page: first.toLowerCase(), segments: rest, query };
}

/** "#/Edit/17?x=1"; segments are encoded, empty query values left out. */
export function href(page: string, segments: readonly (string | number)[] = [], query: Record<string, string> = {}): string {
  const words: Record<string, string> = {
    set: '', health: 'Health', admin: 'Admin', edit: 'Edit', explore: 'Explore', users: 'Users', about: 'About', signin: 'SignIn',
  };
  const word = words[page] ?? page;
  const path = [...(word ? [word] : []), ...segments.map((one) => encodeURIComponent(String(one)))].join('/');
  const search = new URLSearchParams(Object.entries(query).filter(([, value]) => value !== '')).toString();
  return `#/${path}${search ? `?${search}` : ''}`;
}

export const setHref = (id: number, month?: string): string => href('set', month ? [id, month] : [id]);

// From an answer to the next question: filter by what was clicked, break it down further.
import type { Filter, Query } from './model';
import { isMonthName, equals, monthName, notEquals, sameName, splitName } from './model';
import { forOneMonth } from './build';
import { formatValues, keyOfMember, monthFromCaption, monthKey, parseValues } from './values';

/** A member as DimensionMembers writes it: `[key]` or a composite key, and its caption. */
export type MemberPair = readonly [key: string, caption: string];

/** A member without the brackets of the wire. */
export interface Member {
  key: string;
  caption: string;
}

/** The body of DimensionMembers that finds the key of a caption: answers hold captions only. */
export const memberLookup = (name: string, caption: string) => ({
  DataModelName: name, SearchCaption: caption, SearchValue: '', PageNumber: 0, PageSize: 1000,
  ByPassCache: false,
});

/**
 * The member of a caption among those looked up. Months need no list, and a caption that no list
 * knows is its own key, as it is for almost every attribute.
 */
export function memberOfCaption(name: string, caption: string, members: readonly MemberPair[]):
    Member {
  if (isMonthName(name)) {
    const month = monthFromCaption(caption);
    if (month) return { key: monthKey(month), caption };
  }
  const found = members.find(([, candidate]) => candidate === caption) ??
                members.find(([, c]) => c.trim().toLowerCase() === caption.trim().toLowerCase());
  return { key: found ? keyOfMember(found[0]) : caption, caption };
}

/** Only this member: the attribute's 'is' filter becomes it, however many members it had. */
export function filterTo(query: Query, name: string, member: Member): Query {
  if (isMonthName(name)) {
    const month = monthFromCaption(member.caption);
    if (month) return forOneMonth(query, month);
  }
  const filter: Filter = { DataModelName: name, Caption: member.caption,
                           Value: formatValues([member.key]), Operand: equals, UnionGroup: '' };
  const place = query.Filters.findIndex((f) => sameName(f.DataModelName, name) &&
                                               f.Operand === equals && f.UnionGroup === '');
  const filters = place < 0 ? [...query.Filters, filter]
                            : query.Filters.map((f, i) => (i === place ? filter : f));
  return { ...query, Filters: filters };
}

/** Everything but this member; members left out before stay out. */
export function filterOut(query: Query, name: string, member: Member): Query {
  const place = query.Filters.findIndex((f) => sameName(f.DataModelName, name) &&
                                               f.Operand === notEquals && f.UnionGroup === '');
  const before = query.Filters[place];
  const keys = before ? parseValues(before.Value) : [];
  if (keys.includes(member.key)) return query;
  const filter: Filter = {
    DataModelName: name, Operand: notEquals, UnionGroup: '',
    Caption: before?.Caption ? `${before.Caption} | ${member.caption}` : member.caption,
    Value: formatValues([...keys, member.key]),
  };
  return { ...query, Filters: before ? query.Filters.map((f, i) => (i === place ? filter : f))
                                     : [...query.Filters, filter] };
}

/** Groups by a further attribute, behind `after` (a place in Dimensions) or at the end. */
export function addDimension(query: Query, name: string, after?: number): Query {
  if (query.Dimensions.some((d) => sameName(d.DataModelName, name))) return query;
  const dimensions = [...query.Dimensions];
  dimensions.splice(after === undefined ? dimensions.length : after + 1, 0,
                    { DataModelName: name });
  return { ...query, Dimensions: dimensions };
}

/**
 * 'Break down by': a clicked member becomes a filter, and its attribute makes place for the new
 * one. Filtered to one member it would be the same in every row.
 */
export function breakDown(query: Query, clicked: { name: string; member: Member } | null,
                          by: string): Query {
  if (!clicked) return addDimension(query, by);
  const filtered = filterTo(query, clicked.name, clicked.member);
  const present = filtered.Dimensions.some((d) => sameName(d.DataModelName, by));
  const dimensions = filtered.Dimensions
    .filter((d) => !(present && sameName(d.DataModelName, clicked.name)))
    .map((d) => (sameName(d.DataModelName, clicked.name) ? { DataModelName: by } : d));
  return { ...filtered, Dimensions: dimensions };
}

/** Filters that select the streams a count measure counts; null when a filter cannot say it. */
export function filtersOfMeasure(name: string): Filter[] | null {
  const attribute = splitName(name)?.attribute ?? '';
  const match = /^(Audio|Video|AppSharing|VBSS) (?:(Good|Poor|Unclassified) )?Streams? Count$/i
    .exec(attribute);
  if (!match) return null;
  const is = (DataModelName: string, key: string): Filter =>
    ({ DataModelName, Caption: key, Value: formatValues([key]), Operand: equals, UnionGroup: '' });
  const media = mediaNames.find((m) => m.toLowerCase() === (match[1] ?? '').toLowerCase()) ?? 'Audio';
  const filters = [is('[Media Type].[Media Type]', media)];
  const className = classNames.find((c) => c.toLowerCase() === match[2]?.toLowerCase());
  if (className) filters.push(is('[Quality].[Class]', className));
  return filters;
}
const mediaNames = ['Audio', 'Video', 'AppSharing', 'VBSS'] as const;
const classNames = ['Good', 'Poor', 'Unclassified'] as const;

/** Removes a dimension; the answer gets coarser. */
export const removeDimension = (query: Query, index: number): Query =>
  ({ ...query, Dimensions: query.Dimensions.filter((_, i) => i !== index) });

/** Attributes that most often show where poor streams are, best first, for 'break down by'. */
export const usualBreakdowns = [
  '[Second Building].[Building Name]',
  '[Second Network].[Network Name]',
  '[Second Subnet].[Subnet]',
  '[Second Network Connection Type].[Network Connection Detail]',
  '[Second User Agent].[User Agent Type]',
  '[Second Bssid].[Ap Name]',
  '[Second Capture Device].[Device]',
  '[Second Building].[Region]',
  '[Scenarios].[ScenarioPair]',
  '[StartDate].[Date]',
  '[StartDate].[Hour]',
  monthName,
] as const;

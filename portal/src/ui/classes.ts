/** Class names that are set, with blanks between. */
export const classes = (...names: (string | false | null | undefined)[]): string => names.filter(Boolean).join(' ');

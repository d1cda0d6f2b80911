// Made by the build (portal/inline.mjs): the file's page as one text.
declare module '*?script' {
  const text: string;
  export default text;
}
declare module '*?style' {
  const text: string;
  export default text;
}

// Line icons of 24 by 24, drawn by ourselves. Decoration only: the text beside says the same.
const paths = {
  add: 'M12 5v14M5 12h14',
  alert: 'M12 4 2.5 20h19L12 4zm0 6v5m0 2.5v.5',
  back: 'M15 5l-7 7 7 7',
  calendar: 'M4 6h16v14H4zM4 10h16M8 3v4m8-4v4',
  chart: 'M4 20h16M7 16v-5m5 5V6m5 10v-8',
  check: 'M5 12.5l4.5 4.5L19 7.5',
  clock: 'M12 3a9 9 0 1 0 0 18 9 9 0 0 0 0-18zm0 4v5l3.5 2',
  close: 'M6 6l12 12M18 6L6 18',
  copy: 'M9 9h11v11H9zM5 15H4V4h11v1',
  download: 'M12 4v11m-4-4l4 4 4-4M5 20h14',
  edit: 'M4 20l1-4L16 5l3 3L8 19l-4 1z',
  filter: 'M4 5h16l-6 7v6l-4 2v-8L4 5z',
  forward: 'M9 5l7 7-7 7',
  gear: 'M10.3 5.2L10.5 2.5L13.5 2.5L13.7 5.2L15.6 6.0L17.6 4.2L19.8 6.4L18.0 8.4L18.8 10.3L21.5 10.5L21.5 13.5L18.8 13.7L18.0 15.6L19.8 17.6L17.6 19.8L15.6 18.0L13.7 18.8L13.5 21.5L10.5 21.5L10.3 18.8L8.4 18.0L6.4 19.8L4.2 17.6L6.0 15.6L5.2 13.7L2.5 13.5L2.5 10.5L5.2 10.3L6.0 8.4L4.2 6.4L6.4 4.2L8.4 6.0zM12 9a3 3 0 1 0 0 6 3 3 0 0 0 0-6z',
  health: 'M3 12h4l2.500-6 4 12 2.500-6h5',
  help: 'M12 3a9 9 0 1 0 0 18 9 9 0 0 0 0-18zm-2.500 7a2.500 2.500 0 1 1 3.500 2.300c-.7.300-1 .8-1 1.700m0 2.500v.5',
  history: 'M4 5v4h4M4.500 9A8.500 8.500 0 1 1 4 14m8-6v4l3 2',
  link: 'M10 14a4 4 0 0 0 6 0l3-3a4 4 0 0 0-6-6l-1 1m2 4a4 4 0 0 0-6 0l-3 3a4 4 0 0 0 6 6l1-1',
  menu: 'M4 7h16M4 12h16M4 17h16',
  more: 'M5 11v2M4 12h2M12 11v2m-1-1h2M19 11v2m-1-1h2',
  refresh: 'M20 5v5h-5M19.500 10A8 8 0 1 0 20 14',
  save: 'M5 4h11l4 4v12H5zM8 4v5h7V4M8 20v-6h8v6',
  search: 'M11 4a7 7 0 1 0 0 14 7 7 0 0 0 0-14zm5 12l4.500 4.500',
  sort_down: 'M12 6v12m-5-5l5 5 5-5',
  sort_up: 'M12 18V6m-5 5l5-5 5 5',
  table: 'M4 5h16v14H4zM4 10h16M4 14.500h16M10 10v9',
  trash: 'M5 7h14M10 4h4m-7 3l1 13h8l1-13m-7 4v5m4-5v5',
  undo: 'M9 7L4 12l5 5M4 12h10a5 5 0 0 1 0 10h-2',
  redo: 'M15 7l5 5-5 5m5-5H10a5 5 0 0 0 0 10h2',
  upload: 'M12 16V5m-4 4l4-4 4 4M5 20h14',
  user: 'M12 4a4 4 0 1 0 0 8 4 4 0 0 0 0-8zm-8 17c0-4 3.500-6 8-6s8 2 8 6',
  users: 'M9 5a3.500 3.500 0 1 0 0 7 3.500 3.500 0 0 0 0-7zm-7 15c0-3.500 3-5.500 7-5.500s7 2 7 5.500M15.500 5.200a3.500 3.500 0 0 1 0 6.600m2.500 3c2.500.700 4 2.500 4 5.200',
  play: 'M7 5l12 7-12 7z',
  pause: 'M8 5v14m8-14v14',
  stop: 'M6 6h12v12H6z',
  down: 'M6 9l6 6 6-6',
  eye: 'M2.500 12S6 5.500 12 5.500 21.500 12 21.500 12 18 18.500 12 18.500 2.500 12 2.500 12zM12 9a3 3 0 1 0 0 6 3 3 0 0 0 0-6z',
  sun: 'M12 8a4 4 0 1 0 0 8 4 4 0 0 0 0-8zm0-6v2.500m0 15V22M2 12h2.500m15 0H22M5 5l1.700 1.700m10.600 10.600L19 19M5 19l1.700-1.700M17.300 6.700L19 5',
  globe: 'M12 3a9 9 0 1 0 0 18 9 9 0 0 0 0-18zM3 12h18M12 3c-5 5-5 13 0 18 5-5 5-13 0-18z',
  info: 'M12 3a9 9 0 1 0 0 18 9 9 0 0 0 0-18zm0 8v6m0-9.500V7',
} as const;

export type IconName = keyof typeof paths;

export function Icon({ name, size = 18 }: { name: IconName; size?: number }) {
  return (
    <svg class="icon" width={size} height={size} viewBox="0 0 24 24" aria-hidden="true" focusable="false">
      <path d={paths[name]} />
    </svg>
  );
}

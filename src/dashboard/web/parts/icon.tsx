/** The SVG paths of the icons. Icons have the colour of the surrounding text. */
const PATHS = {
  logo: 'M12 7v3.5M12 10.5 6 16M12 10.5l6 5.5M12 7a2.5 2.5 0 1 0 0-5 2.5 2.5 0 0 0 0 5ZM5.5 21a2.5 2.5 0 1 0 0-5 2.5 2.5 0 0 0 0 5ZM18.5 21a2.5 2.5 0 1 0 0-5 2.5 2.5 0 0 0 0 5Z',
  light:
    'M12 16a4 4 0 1 0 0-8 4 4 0 0 0 0 8ZM12 3v2M12 19v2M3 12h2M19 12h2M5.6 5.6 7 7M17 17l1.4 1.4M5.6 18.4 7 17M17 7l1.4-1.4',
  dark: 'M20 14.5A8.5 8.5 0 0 1 9.5 4a8.5 8.5 0 1 0 10.5 10.5Z',
  help: 'M9 9.2A3 3 0 0 1 15 9.6c0 2-3 2.4-3 4.4M12 17.5v.01M12 21a9 9 0 1 0 0-18 9 9 0 0 0 0 18Z',
  search: 'M11 18a7 7 0 1 0 0-14 7 7 0 0 0 0 14ZM20 20l-4-4',
  filters: 'M4 7h16M7 12h10M10 17h4',
  close: 'M6 6l12 12M18 6 6 18',
  open: 'M9 6l6 6-6 6',
  pause: 'M8.5 6v12M15.5 6v12',
  play: 'M8 5.5v13l10.5-6.5Z',
  processes: 'M4 6.5h16M4 12h16M4 17.5h16',
  tree: 'M6 5v11a2 2 0 0 0 2 2h3M6 9.5h5M14 9.5h5M14 18h5',
  log: 'M5 6.5h.01M5 12h.01M5 17.5h.01M9 6.5h11M9 12h7M9 17.5h9',
  charts: 'M4 4v16h16M8 15l3.5-4.5 3 2.5L19 7.5',
  names: 'M4 6h8l8 6-8 6H4ZM8 12h.01',
  supervisor: 'M12 4.5 19.5 12 12 19.5 4.5 12Z',
  genserver: 'M12 16a4 4 0 1 0 0-8 4 4 0 0 0 0 8Z',
} as const;

export type IconName = keyof typeof PATHS;

export function Icon({ name }: { readonly name: IconName }) {
  return (
    <svg class={`icon icon-${name}`} viewBox="0 0 24 24" aria-hidden="true">
      <path d={PATHS[name]} />
    </svg>
  );
}

// Line icons on a 24 × 24 grid, drawn for StudioX. Screen readers skip them: the element around them has the label.
import { svg, html, type TemplateResult } from 'lit-html';

const PATHS = {
  after: 'm9 5 7 7-7 7',
  before: 'm15 5-7 7 7 7',
  bell: 'M6 16V11a6 6 0 1 1 12 0v5l2 2H4zM10 21h4',
  bolt: 'M13 2 5 14h6l-1 8 9-13h-7z',
  book: 'M4 5h7v15H4zM13 5h7v15h-7z',
  check: 'm5 12 5 5L20 7',
  comment: 'M4 5h16v11H10l-5 4v-4H4z',
  close: 'M6 6l12 12M18 6 6 18',
  download: 'M12 4v11m0 0 4-4m-4 4-4-4M5 20h14',
  enlarge: 'M4 9V4h5M20 15v5h-5M4 4l6 6M20 20l-6-6',
  feed: 'M4 5h16v6H4zM4 15h7v5H4zM15 15h5v5h-5z',
  flag: 'M6 21V4h12l-3 4 3 4H6',
  heart: 'M12 20s-8-4.6-8-10.5A4.5 4.5 0 0 1 12 7a4.5 4.5 0 0 1 8 2.5C20 15.400 12 20 12 20z',
  full: 'M4 9V4h5M15 4h5v5M20 15v5h-5M9 20H4v-5',
  moon: 'M20 14A8 8 0 0 1 10 4a8 8 0 1 0 10 10z',
  pen: 'M4 20h4L19 9l-4-4L4 16z',
  play: 'M8 5v14l11-7z',
  plus: 'M12 5v14M5 12h14',
  remix: 'M4 8h10l-3-3m3 3-3 3M20 16H10l3-3m-3 3 3 3',
  share: 'M12 15V4m0 0L8 8m4-4 4 4M5 14v6h14v-6',
  spark: 'M12 3l2 6 6 2-6 3-2 7-2-7-6-3 6-2z',
  star: 'm12 3 2.700 5.800 6.300.8-4.600 4.400 1.200 6.300L12 17.200 6.400 20.300l1.200-6.300L3 9.600l6.300-.8z',
  sun: 'M12 8a4 4 0 1 0 0 8 4 4 0 0 0 0-8zM12 2v2m0 16v2M2 12h2m16 0h2M5 5l1.5 1.5m11 11L19 19M5 19l1.5-1.5m11-11L19 5',
  token: 'M12 3l8 4.500v9L12 21l-8-4.500v-9zM12 8.500 15.500 12 12 15.500 8.500 12z',
  trash: 'M5 7h14M10 7V4h4v3M7 7l1 13h8l1-13',
  user: 'M12 12a4 4 0 1 0 0-8 4 4 0 0 0 0 8zM4 21c0-4 3.500-6 8-6s8 2 8 6',
};

export type Icon = keyof typeof PATHS;

export const icon = (name: Icon, filled = false): TemplateResult =>
  html`<svg class="icon" viewBox="0 0 24 24" aria-hidden="true" fill=${filled ? 'currentColor' : 'none'}>
    ${svg`<path d=${PATHS[name]} />`}
  </svg>`;

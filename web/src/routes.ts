// Which page an address has, and the calls that the page begins with.
import type { App } from './app.ts';
import type { Page } from './page.ts';
import type { Asked } from './send.ts';

export type Make = (app: App, id: string) => Page;

export interface Route {
  path: RegExp;
  /** Fetch the page's file. */
  load: () => Promise<Make>;
  /** The calls that the page makes at once: they are sent before its file is here. `isMine`: somebody is signed in. */
  first?: (id: string, isMine: boolean) => Asked[];
}

const mine = (asked: Asked[]) => (_: string, isMine: boolean): Asked[] => (isMine ? asked : []);

export const ROUTES: readonly Route[] = [
  {
    path: /^\/$/,
    load: async () => (await import('./pages/studio.ts')).studioPage,
    first: (_, isMine) => [
      ['getStudioOptions', {}],
      ...(isMine ? [] : [['getFeed', { sort: 'top', pageSize: 6 }] satisfies Asked]),
    ],
  },
  {
    path: /^\/library$/,
    load: async () => (await import('./pages/library.ts')).libraryPage,
    first: mine([['getUserCreations', { pageSize: 24 }]]),
  },
  {
    path: /^\/library\/([\w-]+)$/,
    load: async () => (await import('./pages/creation.ts')).creationPage,
    first: (creationId, isMine) => (isMine ? [['getCreation', { creationId }], ['getStudioOptions', {}]] : []),
  },
  {
    path: /^\/feed$/,
    load: async () => (await import('./pages/feed.ts')).feedPage,
    first: () => {
      const query = new URLSearchParams(location.search);
      const sort = query.get('sort') === 'top' ? 'top' : 'new';
      return [['getFeed', { sort, tag: query.get('tag'), uid: query.get('by'), pageSize: 24 }]];
    },
  },
  {
    path: /^\/post\/([\w-]+)$/,
    load: async () => (await import('./pages/post.ts')).postPage,
    first: (postId) => [['getPost', { postId }], ['getStudioOptions', {}]],
  },
  {
    path: /^\/tokens$/,
    load: async () => (await import('./pages/tokens.ts')).tokensPage,
    first: () => [['getTokenPacks', {}], ['getPlans', {}], ['getStudioOptions', {}]],
  },
  {
    path: /^\/account$/,
    load: async () => (await import('./pages/account.ts')).accountPage,
    first: mine([['getProfile', {}]]),
  },
];

/** The route of an address, and the id in it. */
export function routeOf(path: string): { route: Route | undefined; id: string } {
  const route = ROUTES.find((each) => each.path.test(path));
  return { route, id: route?.path.exec(path)?.[1] ?? '' };
}

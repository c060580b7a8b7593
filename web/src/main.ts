// The first script: it asks for what the page of the address shows first, and fetches the code of that page and of all
// others meanwhile.
import './style.css';
import { keptMine, PERSON } from './kept.ts';
import { configure, filesOrigin } from './project.ts';
import { routeOf } from './routes.ts';
import { begin } from './send.ts';
import { keptToken } from './token.ts';
import { translation } from './words/foreign.ts';

void import('./start.ts');
void translation(document.documentElement.lang); // language.ts waits for it

const { route, id } = routeOf(location.pathname);
void route?.load().catch(() => undefined); // the router asks again, and says so
configure().then(() => {
  const isMine = keptMine.read(PERSON) !== null;
  const token = isMine ? keptToken() : null;
  // Without a token Auth is asked for one first.
  if (route?.first && (token !== null || !isMine)) begin(route.first(id, isMine), token);
  const link = Object.assign(document.createElement('link'), { rel: 'preconnect', href: filesOrigin() });
  document.head.append(link);
}, () => undefined); // start.ts says so

import type { IncomingMessage } from 'node:http';

/** Where a request goes. */
export interface Place {
  /** What follows the path that the dashboard is mounted under: empty, or from a slash on. */
  readonly path: string;
  /** From the question mark on. */
  readonly query: string;
}

export const PAGE = '/';
export const FEED = '/feed';

/** `undefined`: not below `mount`. Where that is not given, Express's own mount path is used. */
export function placeOf(request: IncomingMessage, mount = text(request, 'baseUrl') ?? ''): Place | undefined {
  const { pathname, query } = split(text(request, 'originalUrl') ?? request.url ?? '');
  const path = pathname.slice(mount.length);
  if (!pathname.startsWith(mount) || (path !== '' && !path.startsWith('/'))) return undefined;
  return { path, query };
}

/** Whether a request is an upgrade to the WebSocket of the dashboard. Express sets no mount path on upgrades. */
export function isFeed({ url = '' }: IncomingMessage, mount: string | undefined): boolean {
  const { pathname } = split(url);
  return mount === undefined ? pathname.endsWith(FEED) : pathname === mount + FEED;
}

function split(url: string): { readonly pathname: string; readonly query: string } {
  const end = url.indexOf('?');
  return end === -1 ? { pathname: url, query: '' } : { pathname: url.slice(0, end), query: url.slice(end) };
}

/** What Express notes on a request. */
function text(request: IncomingMessage, key: 'baseUrl' | 'originalUrl'): string | undefined {
  const value: unknown = Reflect.get(request, key);
  return typeof value === 'string' ? value : undefined;
}

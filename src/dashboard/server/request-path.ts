import type { IncomingMessage } from 'node:http';

/** The parts of a request's URL that decide which response the dashboard sends. */
export interface Route {
  /** The path below the mount path: empty, or with a leading slash. */
  readonly path: string;
  /** The query string with its question mark, or an empty text. */
  readonly query: string;
}

export const PAGE_PATH = '/';
export const FEED_PATH = '/feed';

/**
 * Splits the URL of a request into the path below the mount path and the query string. Returns `undefined` if the path
 * is outside the mount path.
 *
 * @param mount mount path, without a trailing slash. Default: the path under which Express has mounted the handler or,
 * without Express, the root
 */
export function routeOf(
  request: IncomingMessage,
  mount = expressProperty(request, 'baseUrl') ?? '',
): Route | undefined {
  const { pathname, query } = split(expressProperty(request, 'originalUrl') ?? request.url ?? '');
  const path = pathname.slice(mount.length);
  if (!pathname.startsWith(mount) || (path !== '' && !path.startsWith('/'))) return undefined;
  return { path, query };
}

/**
 * Whether an upgrade request is for the WebSocket of the dashboard. If `mount` is `undefined`, this is the case for any
 * path that ends in `/feed`, because Express does not set its mount path on upgrade requests.
 */
export function isFeedUpgrade({ url = '' }: IncomingMessage, mount: string | undefined): boolean {
  const { pathname } = split(url);
  return mount === undefined ? pathname.endsWith(FEED_PATH) : pathname === mount + FEED_PATH;
}

function split(url: string): { readonly pathname: string; readonly query: string } {
  const end = url.indexOf('?');
  return end === -1 ? { pathname: url, query: '' } : { pathname: url.slice(0, end), query: url.slice(end) };
}

/** Returns a property that Express adds to a request. Returns `undefined` without Express. */
function expressProperty(request: IncomingMessage, key: 'baseUrl' | 'originalUrl'): string | undefined {
  const value: unknown = Reflect.get(request, key);
  return typeof value === 'string' ? value : undefined;
}

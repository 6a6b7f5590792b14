import type { IncomingMessage } from 'node:http';

/** The parts of a request's URL that decide which response the dashboard sends. */
export interface Route {
  /** The path below the mount path: empty, or with a leading slash. */
  readonly path: string;
  /** The query string, with its question mark. */
  readonly query: string;
}

export const PAGE_PATH = '/';
export const FEED_PATH = '/feed';

/**
 * Splits the URL of a request. Returns `undefined` for a path outside `mount`.
 *
 * @param mount mount path, without a trailing slash. Default: the path under which Express has mounted the handler
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
 * Whether an upgrade request is for the WebSocket of the dashboard. Without `mount`, any path that ends in `/feed` is:
 * Express does not set its mount path on upgrade requests.
 */
export function isFeedUpgrade({ url = '' }: IncomingMessage, mount: string | undefined): boolean {
  const { pathname } = split(url);
  return mount === undefined ? pathname.endsWith(FEED_PATH) : pathname === mount + FEED_PATH;
}

function split(url: string): { readonly pathname: string; readonly query: string } {
  const end = url.indexOf('?');
  return end === -1 ? { pathname: url, query: '' } : { pathname: url.slice(0, end), query: url.slice(end) };
}

/** Reads a property that Express adds to a request. */
function expressProperty(request: IncomingMessage, key: 'baseUrl' | 'originalUrl'): string | undefined {
  const value: unknown = Reflect.get(request, key);
  return typeof value === 'string' ? value : undefined;
}

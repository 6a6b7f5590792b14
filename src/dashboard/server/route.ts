import type { IncomingMessage } from 'node:http';

/** The part of a request's URL that the dashboard routes by. */
export interface Place {
  /** The path below the mount path: empty, or with a leading slash. */
  readonly path: string;
  /** The query string, with its question mark. */
  readonly query: string;
}

export const PAGE = '/';
export const FEED = '/feed';

/** Splits the URL of a request. Returns `undefined` for a path outside `mount`. Default `mount`: that of Express. */
export function placeOf(request: IncomingMessage, mount = text(request, 'baseUrl') ?? ''): Place | undefined {
  const { pathname, query } = split(text(request, 'originalUrl') ?? request.url ?? '');
  const path = pathname.slice(mount.length);
  if (!pathname.startsWith(mount) || (path !== '' && !path.startsWith('/'))) return undefined;
  return { path, query };
}

/**
 * Whether an upgrade request is for the WebSocket of the dashboard. Without `mount`, any path that ends in `/feed` is:
 * Express does not set its mount path on upgrade requests.
 */
export function isFeed({ url = '' }: IncomingMessage, mount: string | undefined): boolean {
  const { pathname } = split(url);
  return mount === undefined ? pathname.endsWith(FEED) : pathname === mount + FEED;
}

function split(url: string): { readonly pathname: string; readonly query: string } {
  const end = url.indexOf('?');
  return end === -1 ? { pathname: url, query: '' } : { pathname: url.slice(0, end), query: url.slice(end) };
}

/** Reads a property that Express adds to a request. */
function text(request: IncomingMessage, key: 'baseUrl' | 'originalUrl'): string | undefined {
  const value: unknown = Reflect.get(request, key);
  return typeof value === 'string' ? value : undefined;
}

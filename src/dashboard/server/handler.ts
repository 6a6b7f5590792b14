import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import { type SchedulerLike, Subject } from 'rxjs';
import { schedulerOf } from '../../../streams/index.js';
import { systemClock, type Timer } from '../../index.js';
import { AccessControl, type Refusal } from './access-control.js';
import { type Asset, readAssets, sendAsset } from './assets.js';
import { checkAuthorized } from './authorization.js';
import { FeedSockets } from './browser-sockets.js';
import { DETAIL_PATHS, sendDetails } from './details.js';
import { DashboardFeed } from './feed.js';
import { CLOSED, refuse, refuseUpgrade, signIn } from './http-responses.js';
import { checkHandlerOptions, type DashboardHandlerOptions, type HandlerSettings } from './options.js';
import { FEED, isFeed, PAGE, type Place, placeOf } from './route.js';
import { VERSION } from './version.js';

/** A dashboard as part of an HTTP server. */
export interface DashboardHandler {
  /**
   * Handles requests to the dashboard. All other requests are passed to `next`, or answered with 404 without a `next`.
   * Works with node:http, Express, Connect, and the raw requests of Fastify and other frameworks.
   */
  handler(request: IncomingMessage, response: ServerResponse, next?: () => void): void;
  /**
   * Handles the server's `upgrade` event: opens the dashboard's WebSocket. All other upgrades are passed to `next`, or
   * answered with 404 without a `next`.
   */
  upgrade(request: IncomingMessage, socket: Duplex, head: Buffer, next?: () => void): void;
  /** Disconnects all browsers for good, and stops observing the cluster. Later requests are answered with 503. */
  close(): void;
}

/** Dependencies that tests replace. */
export interface HandlerParts {
  readonly scheduler?: SchedulerLike;
}

const NOTHING_HERE: Refusal = { status: 404, reason: 'Nothing is served at this address.' };
const ONLY_SHOWS: Refusal = { status: 405, reason: 'This dashboard is read-only: it answers GET and HEAD.' };
const NO_PAGE: Refusal = {
  status: 426,
  reason: 'This address is a WebSocket. A proxy in front of the dashboard must forward the Upgrade header.',
};

/** A scheduler with unreferenced timers: a dashboard must not keep the Node.js process running. */
const unobtrusive = schedulerOf<Timer>({
  ...systemClock,
  setTimeout(callback, ms) {
    const timer = systemClock.setTimeout(callback, ms);
    timer.unref();
    return timer;
  },
});

/**
 * Creates a web dashboard that can be mounted under any path of a server. `authorize` or `token` controls the access,
 * because the server's own hooks and middleware do not see the WebSocket.
 *
 * @throws InvalidArgumentError, DashboardFilesError
 * @example
 * const dashboard = dashboardHandler({ path: '/ops', authorize: isSignedIn, hosts: ['ops.example.com'] });
 * const server = createServer(dashboard.handler);
 * server.on('upgrade', dashboard.upgrade);
 */
export function dashboardHandler(options: DashboardHandlerOptions = {}): DashboardHandler {
  return createHandler(checkHandlerOptions(options));
}

export function createHandler(settings: HandlerSettings, parts: HandlerParts = {}): DashboardHandler {
  const { scheduler = unobtrusive } = parts;
  const assets = readAssets(settings.assets);
  const { source, authorize } = settings;
  const onError = reporterFor(settings.onError);
  const gate = new AccessControl({ ...settings, isAuthorizing: authorize !== undefined });
  const feed = new DashboardFeed({ source, version: VERSION, scheduler, onError });
  const sockets = new FeedSockets(feed);
  const details = { source, errorOf: (line: number) => feed.errorOf(line) };
  const closed$ = new Subject<void>();
  let isClosed = false;

  /** Calls `done` with the refusal of a request, or with `undefined`: synchronously unless `authorize` is called. */
  const authorized = (request: IncomingMessage, done: (refusal: Refusal | undefined) => void): void => {
    if (isClosed) done(CLOSED);
    else if (authorize === undefined) done(undefined);
    else {
      const checked = checkAuthorized(request, { authorize, onError, scheduler, closed$ });
      void checked.then((refusal) => done(isClosed ? CLOSED : refusal));
    }
  };

  const answer = (request: IncomingMessage, response: ServerResponse, place: Place, asset?: Asset): void => {
    const isRead = request.method === 'GET' || request.method === 'HEAD';
    const isPage = place.path === PAGE || place.path === '';
    const cookie = isPage ? gate.cookieFor(place.query, isEncrypted(request)) : undefined;
    const stranger = typeof cookie === 'object' ? cookie : gate.checkToken(request);
    const misplaced = isRead ? gate.checkHost(request) : ONLY_SHOWS;
    if (misplaced !== undefined) refuse(request, response, misplaced);
    else if (typeof cookie === 'string') signIn(request, response, cookie);
    else if (stranger !== undefined) refuse(request, response, stranger);
    else {
      authorized(request, (refusal) => {
        // Other code of the server may have responded while `authorize` was pending.
        if (response.headersSent) return;
        if (refusal !== undefined) refuse(request, response, refusal);
        else if (DETAIL_PATHS.includes(place.path)) void sendDetails(request, response, place, details);
        else if (asset === undefined) refuse(request, response, refusalOfPage(gate, request, place) ?? NO_PAGE);
        else sendAsset(asset, request, response);
      });
    }
  };

  return {
    handler(request, response, next) {
      const place = placeOf(request, settings.path);
      // The mount path without a trailing slash serves the page as well. The page then corrects its own address, because
      // a redirect would lead to a wrong path behind a proxy that rewrites paths.
      const asset = assets.get(place?.path || PAGE);
      // Requests outside the dashboard's path belong to the server.
      if (place !== undefined && (asset !== undefined || isDynamic(place))) answer(request, response, place, asset);
      else if (next !== undefined) next();
      else refuse(request, response, NOTHING_HERE);
    },

    upgrade(request, socket, head, next) {
      if (!isFeed(request, settings.path)) {
        if (next !== undefined) next();
        else refuseUpgrade(socket, NOTHING_HERE);
        return;
      }
      const refusal = gate.checkHost(request) ?? gate.checkOrigin(request) ?? gate.checkToken(request);
      if (refusal !== undefined) {
        refuseUpgrade(socket, refusal);
        return;
      }
      // Until the WebSocket is open, the socket has no other error listener.
      const lost = (): void => void socket.destroy();
      socket.on('error', lost);
      authorized(request, (unauthorized) => {
        socket.off('error', lost);
        if (unauthorized !== undefined) refuseUpgrade(socket, unauthorized);
        else sockets.accept(request, socket, head);
      });
    },

    close() {
      isClosed = true;
      closed$.next();
      sockets.close();
      feed.close();
    },
  };
}

/** Whether the place is answered with data instead of a file. */
function isDynamic({ path }: Place): boolean {
  return path === FEED || DETAIL_PATHS.includes(path);
}

/**
 * Why the WebSocket of a page would be refused. A page cannot read the answer to its WebSocket, so it asks for the reason with
 * a plain request; browsers send no `Origin` with that, so the page says it itself.
 */
function refusalOfPage(gate: AccessControl, { headers }: IncomingMessage, { query }: Place): Refusal | undefined {
  const origin = new URLSearchParams(query).get('origin');
  return origin === null ? undefined : gate.checkOrigin({ headers: { ...headers, origin } });
}

/** Whether the browser's connection is encrypted: this one, or that to the proxy in front of this server. */
function isEncrypted(request: IncomingMessage): boolean {
  const forwarded = request.headers['x-forwarded-proto'];
  // A client that sends the header itself gets a cookie that its own browser does not send over http.
  return 'encrypted' in request.socket || String(forwarded).split(',')[0]?.trim() === 'https';
}

/**
 * Returns the function that reports errors: to `onError`, or as warnings of the Node.js process. An exception in `onError`
 * must not crash the program that contains the dashboard.
 */
function reporterFor(onError: HandlerSettings['onError']): (error: Error) => void {
  if (onError === undefined) return (error) => process.emitWarning(error);
  return (error) => {
    try {
      onError(error);
    } catch (thrown) {
      process.emitWarning(error);
      process.emitWarning(thrown instanceof Error ? thrown : String(thrown));
    }
  };
}

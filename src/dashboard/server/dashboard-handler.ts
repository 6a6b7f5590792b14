import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import { type SchedulerLike, Subject } from 'rxjs';
import { schedulerOf } from '../../../streams/index.js';
import { systemClock, type Timer } from '../../index.js';
import { VERSION } from '../../version.js';
import { AccessControl, type Refusal } from './access-control.js';
import { checkAuthorized } from './authorization.js';
import { BrowserSockets } from './browser-sockets.js';
import { DashboardFeed } from './dashboard-feed.js';
import { checkHandlerOptions, type DashboardHandlerOptions, type HandlerSettings } from './dashboard-options.js';
import { CLOSED, refuse, refuseUpgrade, setCookieAndRedirect } from './http-responses.js';
import { ON_DEMAND_PATHS, sendOnDemandDetails } from './on-demand-responses.js';
import { FEED_PATH, isFeedUpgrade, PAGE_PATH, type Route, routeOf } from './request-path.js';
import { type Asset, readAssets, sendAsset } from './web-assets.js';

/** A dashboard as part of an HTTP server. */
export interface DashboardHandler {
  /**
   * Handles requests to the dashboard. Requests for paths that the dashboard does not serve are passed to `next`, or
   * answered with 404 if `next` is absent. Works with node:http, Express, Connect, and the raw requests of Fastify and
   * other frameworks.
   */
  handler(request: IncomingMessage, response: ServerResponse, next?: () => void): void;
  /**
   * Handles the server's `upgrade` event: opens the dashboard's WebSocket. Upgrade requests for other paths are passed
   * to `next`, or answered with 404 if `next` is absent.
   */
  upgrade(request: IncomingMessage, socket: Duplex, head: Buffer, next?: () => void): void;
  /**
   * Disconnects all browsers and stops observing the cluster. Cannot be undone. Further requests that the dashboard
   * would permit are answered with 503.
   */
  close(): void;
}

/** The replaceable dependencies of a handler. */
export interface HandlerParts {
  /** Runs the timers of the dashboard. Default: a scheduler with unreferenced timers. */
  readonly scheduler?: SchedulerLike;
}

const NOT_FOUND: Refusal = { status: 404, reason: 'Nothing is served at this address.' };
const READ_ONLY: Refusal = { status: 405, reason: 'This dashboard is read-only: it answers GET and HEAD.' };
const WEBSOCKET_ONLY: Refusal = {
  status: 426,
  reason: 'This address is a WebSocket. A proxy in front of the dashboard must forward the Upgrade header.',
};

/**
 * A scheduler whose timers are unreferenced (see `unref`), because a dashboard must not keep the Node.js process
 * running.
 */
const unreferencedScheduler = schedulerOf<Timer>({
  ...systemClock,
  setTimeout(callback, ms) {
    const timer = systemClock.setTimeout(callback, ms);
    timer.unref();
    return timer;
  },
});

/**
 * Creates a web dashboard that can be mounted under any path of a server. Control the access with `authorize` or
 * `token`, because the server's own hooks and middleware do not see the WebSocket request.
 *
 * @throws InvalidArgumentError for an invalid option
 * @throws DashboardFilesError if the files of the dashboard cannot be read
 * @example
 * const dashboard = dashboardHandler({ path: '/ops', authorize: isSignedIn, hosts: ['ops.example.com'] });
 * const server = createServer(dashboard.handler);
 * server.on('upgrade', dashboard.upgrade);
 */
export function dashboardHandler(options: DashboardHandlerOptions = {}): DashboardHandler {
  return createHandler(checkHandlerOptions(options));
}

export function createHandler(settings: HandlerSettings, parts: HandlerParts = {}): DashboardHandler {
  const { scheduler = unreferencedScheduler } = parts;
  const assets = readAssets(settings.assets);
  const { source, authorize } = settings;
  const onError = reporterFor(settings.onError);
  const access = new AccessControl({ ...settings, isAuthorizing: authorize !== undefined });
  const feed = new DashboardFeed({ source, version: VERSION, scheduler, onError });
  const sockets = new BrowserSockets(feed);
  const details = { source, errorOf: (line: number) => feed.errorOf(line) };
  const closed$ = new Subject<void>();
  let isClosed = false;

  /**
   * Calls `done` with a refusal, or with `undefined` to accept the request. Calls `done` synchronously if the dashboard
   * is closed or there is no `authorize` function.
   */
  const authorized = (request: IncomingMessage, done: (refusal: Refusal | undefined) => void): void => {
    if (isClosed) done(CLOSED);
    else if (authorize === undefined) done(undefined);
    else {
      const checked = checkAuthorized(request, { authorize, onError, scheduler, closed$ });
      void checked.then((refusal) => done(isClosed ? CLOSED : refusal));
    }
  };

  const answer = (request: IncomingMessage, response: ServerResponse, route: Route, asset?: Asset): void => {
    const isRead = request.method === 'GET' || request.method === 'HEAD';
    const isPage = route.path === PAGE_PATH || route.path === '';
    const cookie = isPage ? access.cookieFor(route.query, isEncrypted(request)) : undefined;
    const tokenRefusal = typeof cookie === 'object' ? cookie : access.checkToken(request);
    const requestRefusal = isRead ? access.checkHost(request) : READ_ONLY;
    if (requestRefusal !== undefined) refuse(request, response, requestRefusal);
    else if (typeof cookie === 'string') setCookieAndRedirect(request, response, cookie);
    else if (tokenRefusal !== undefined) refuse(request, response, tokenRefusal);
    else {
      authorized(request, (refusal) => {
        // Other code of the server may have responded while `authorize` was pending.
        if (response.headersSent) return;
        if (refusal !== undefined) refuse(request, response, refusal);
        else if (ON_DEMAND_PATHS.includes(route.path)) void sendOnDemandDetails(request, response, route, details);
        else if (asset === undefined)
          refuse(request, response, refusalForPage(access, request, route) ?? WEBSOCKET_ONLY);
        else sendAsset(asset, request, response);
      });
    }
  };

  return {
    handler(request, response, next) {
      const route = routeOf(request, settings.path);
      // The mount path without a trailing slash serves the page as well. The page then corrects its own address. A
      // redirect would lead to a wrong path behind a proxy that rewrites paths.
      const asset = assets.get(route?.path || PAGE_PATH);
      if (route !== undefined && (asset !== undefined || servesData(route))) answer(request, response, route, asset);
      else if (next !== undefined) next();
      else refuse(request, response, NOT_FOUND);
    },

    upgrade(request, socket, head, next) {
      if (!isFeedUpgrade(request, settings.path)) {
        if (next !== undefined) next();
        else refuseUpgrade(socket, NOT_FOUND);
        return;
      }
      const refusal = access.checkHost(request) ?? access.checkOrigin(request) ?? access.checkToken(request);
      if (refusal !== undefined) {
        refuseUpgrade(socket, refusal);
        return;
      }
      // Until the WebSocket is open, the socket has no other error listener.
      const destroy = (): void => void socket.destroy();
      socket.on('error', destroy);
      authorized(request, (unauthorized) => {
        socket.off('error', destroy);
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

/** Whether the path is one of those at which the dashboard serves data of the cluster and no file. */
function servesData({ path }: Route): boolean {
  return path === FEED_PATH || ON_DEMAND_PATHS.includes(path);
}

/**
 * Returns why the server would refuse the WebSocket of a page, or `undefined` if its origin is not the reason. A page
 * cannot read the response to its WebSocket request, so it sends a plain request to learn the reason. Browsers send no
 * `Origin` header with the plain request, so the page adds its origin to the query string.
 */
function refusalForPage(access: AccessControl, { headers }: IncomingMessage, { query }: Route): Refusal | undefined {
  const origin = new URLSearchParams(query).get('origin');
  return origin === null ? undefined : access.checkOrigin({ headers: { ...headers, origin } });
}

/** Whether the browser uses https to connect to this server, or to the proxy in front of this server. */
function isEncrypted(request: IncomingMessage): boolean {
  const forwarded = request.headers['x-forwarded-proto'];
  // A client that forges this header harms only itself: its browser does not send the `Secure` cookie over http.
  return 'encrypted' in request.socket || String(forwarded).split(',')[0]?.trim() === 'https';
}

/**
 * Returns a function that passes errors to `onError` or, without `onError`, emits them as warnings of the Node.js
 * process. An exception in `onError` must not crash the program that contains the dashboard.
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

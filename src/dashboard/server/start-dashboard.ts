import { randomBytes } from 'node:crypto';
import { createServer, type Server } from 'node:http';
import { isIP } from 'node:net';
import { hostname } from 'node:os';
import { ListenError } from '../../index.js';
import { isLoopback } from './access-control.js';
import { createHandler, type HandlerParts } from './dashboard-handler.js';
import { checkServerOptions, type DashboardOptions } from './dashboard-options.js';

/**
 * The time limits for a client to send a request, and the interval at which the server checks these limits, ms. By
 * default, Node.js checks every 30 s, so a slow client could hold a connection for 30 s longer.
 */
const REQUEST_LIMITS = { headersTimeout: 5000, requestTimeout: 5000, connectionsCheckingInterval: 1000 };

/** The maximum number of connections at once: the WebSockets of all browsers, and the requests of their pages. */
const MAX_CONNECTIONS = 512;

/** A web dashboard that an HTTP server serves. */
export interface Dashboard {
  /** The URL to open in a browser. It includes the token, if there is one. */
  readonly url: string;
  /** The port on which the server listens. */
  readonly port: number;
  /** Disconnects all browsers and stops the server. Resolves when all connections are closed. */
  close(): Promise<void>;
}

/**
 * Serves the web dashboard with an HTTP server of its own. Resolves when the server listens.
 *
 * Rejects with InvalidArgumentError for an invalid option, with DashboardFilesError when the dashboard's files cannot
 * be read, and with ListenError when the address cannot be bound. A rejected call leaves nothing open.
 *
 * @example
 * const { url } = await startDashboard({ port: 4000 });
 * console.log(`Dashboard: ${url}`);
 */
export async function startDashboard(options: DashboardOptions = {}): Promise<Dashboard> {
  return serveDashboard(options);
}

/** Like `startDashboard`, with replaceable dependencies. */
export async function serveDashboard(options: DashboardOptions, parts?: HandlerParts): Promise<Dashboard> {
  const { port, host, ...settings } = checkServerOptions(options);
  const needsNoToken = isLoopback(host) || settings.authorize !== undefined;
  const token = settings.token ?? (needsNoToken ? undefined : randomBytes(32).toString('base64url'));
  // The handler reads its files before the port is bound, so that nothing has to be closed if reading fails.
  const dashboard = createHandler({ ...settings, token }, parts);
  const server = createServer(REQUEST_LIMITS, (request, response) => dashboard.handler(request, response));
  server.maxConnections = MAX_CONNECTIONS;
  server.on('upgrade', (request, socket, head) => dashboard.upgrade(request, socket, head));
  const boundPort = await bind(server, host, port).catch((error) => {
    dashboard.close();
    throw error;
  });
  return {
    url: urlOf(host, boundPort, token),
    port: boundPort,
    close: () => {
      dashboard.close();
      return end(server);
    },
  };
}

function bind(server: Server, host: string, port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    const failed = (cause: Error): void => reject(ListenError.because(host, port, cause));
    server.once('error', failed);
    // Under node:cluster, workers would otherwise share the port, and one page would load from several workers.
    server.listen({ host, port, exclusive: true }, () => {
      server.off('error', failed);
      // While the server listens, an error means that one connection was not accepted. The client can retry.
      server.on('error', () => undefined);
      const address = server.address();
      resolve(typeof address === 'object' && address !== null ? address.port : port);
    });
  });
}

function end(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve());
    server.closeAllConnections();
  });
}

function urlOf(host: string, port: number, token: string | false | undefined): string {
  // Browsers cannot connect to a wildcard address. Unlike `localhost`, the name of this machine also works from others.
  const name = host === '0.0.0.0' || host === '::' ? hostname() : host;
  const url = new URL(`http://${isIP(name) === 6 ? `[${name}]` : name}:${port}/`);
  if (typeof token === 'string') url.searchParams.set('token', token);
  return url.href;
}

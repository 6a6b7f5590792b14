import { isObservable } from 'rxjs';
import { ClusterObserver, InvalidArgumentError } from '../../index.js';
import type { ClusterSource } from '../cluster-source.js';
import type { Authorize } from './authorization.js';

/** How a dashboard is mounted in a server. */
export interface DashboardHandlerOptions {
  /**
   * The mount path of the dashboard, e.g. `/ops`. Default: the mount path that Express sets on each request or, without
   * Express, the root.
   */
  readonly path?: string | undefined;
  /**
   * The password of the dashboard: at least 16 letters, digits or any of `. _ ~ + / = -`. Without a token and without
   * `authorize`, only this machine has access, and only without a proxy. `false`: no token is required; in this case,
   * `dashboardHandler` needs `authorize`.
   */
  readonly token?: string | false | undefined;
  /**
   * Decides who has access, for example by your own login. The dashboard checks a token, if there is one, before it
   * calls `authorize`. The dashboard calls `authorize` for each request: for the page, its files, its data, and the
   * WebSocket. If `authorize` throws, or returns no result within 5 s, the request is refused and the error is reported
   * to `onError`.
   */
  readonly authorize?: Authorize | undefined;
  /**
   * Host names of the dashboard. IP addresses, `localhost` and the name of this machine are always accepted. Include
   * the port unless it is the default port of http or https. Behind a proxy, list both the name that browsers use and
   * the name that the proxy puts into the `Host` header.
   */
  readonly hosts?: readonly string[] | undefined;
  /**
   * The folder of the files of the web dashboard. A bundled program needs this option: the path of a copy of
   * `noex/dist/dashboard/web`.
   */
  readonly assets?: string | undefined;
  /** Receives the errors of `authorize` and of the dashboard itself. Default: warnings of the Node.js process. */
  readonly onError?: ((error: Error) => void) | undefined;
  /** The data source. Default: the ClusterObserver of this node. It provides data once the cluster runs. */
  readonly source?: ClusterSource | undefined;
}

/** Options of a dashboard with its own server. */
export interface DashboardOptions extends Omit<DashboardHandlerOptions, 'path'> {
  /** The port to listen on. Default: 4000. With 0, the operating system chooses a free port. */
  readonly port?: number | undefined;
  /**
   * The address to bind. Default: `127.0.0.1`. For an address beyond loopback, a token is generated if there is neither
   * a `token` nor `authorize`. `token: false` disables the generated token.
   */
  readonly host?: string | undefined;
}

/** Checked options, with all defaults filled in. */
export interface HandlerSettings {
  /** The mount path without a trailing slash. `undefined`: the path that Express sets on each request. */
  readonly path: string | undefined;
  /**
   * The password. `false`: no token is required. `undefined`: only this machine has access, unless `authorize` decides.
   */
  readonly token: string | false | undefined;
  readonly authorize: Authorize | undefined;
  readonly hosts: readonly string[];
  readonly source: ClusterSource;
  /** The folder of the files of the web dashboard. `undefined`: the folder in the package noex. */
  readonly assets: string | undefined;
  readonly onError: ((error: Error) => void) | undefined;
}

const PATH_PATTERN = /^(\/[\w.~!$&'()*+=:@%-]+)*\/?$/;
const TOKEN_PATTERN = /^[\w.~+/=-]{16,}$/;
const HOST_PATTERN = /^([a-z\d]([a-z\d._-]*[a-z\d])?|\[[\da-f:.]+\])(:\d+)?$/i;

const SHARED_OPTIONS = ['token', 'authorize', 'hosts', 'source', 'assets', 'onError'];

/** Checks the options, and fills in the defaults. @throws InvalidArgumentError */
export function checkHandlerOptions(options: DashboardHandlerOptions): HandlerSettings {
  checkFields(options, ['path', ...SHARED_OPTIONS]);
  // `token: false` needs `authorize`, because the login of a server does not cover the WebSocket. Users often expect
  // that it does.
  const isCovered = options.token !== false || options.authorize !== undefined;
  const expected =
    'a token, or false together with authorize: hooks and middleware of a server do not see WebSocket requests';
  check(isCovered, 'token', expected, options.token);
  return settingsOf(options);
}

function settingsOf(options: DashboardHandlerOptions): HandlerSettings {
  const { path, token, authorize, hosts = [], source = ClusterObserver, assets, onError } = options;
  if (path !== undefined)
    check(typeof path === 'string' && PATH_PATTERN.test(path), 'path', 'a path such as /ops', path);
  if (token !== undefined && token !== false) {
    // The message omits the token, because errors end up in logs.
    const isToken = typeof token === 'string' && TOKEN_PATTERN.test(token);
    check(isToken, 'token', 'false, or at least 16 letters, digits or any of . _ ~ + / = -', typeof token);
  }
  check(Array.isArray(hosts), 'hosts', 'an array of host names', hosts);
  for (const host of hosts) {
    const isHost = typeof host === 'string' && HOST_PATTERN.test(host) && URL.canParse(`http://${host}`);
    check(isHost, 'hosts', 'host names, with or without a port', host);
  }
  check(isSource(source), 'source', 'ClusterObserver, or an observer that attach() resolves to', source);
  for (const [field, value] of Object.entries({ authorize, onError }))
    check(value === undefined || typeof value === 'function', field, 'a function', value);
  const isFolder = assets === undefined || (typeof assets === 'string' && assets !== '');
  check(isFolder, 'assets', 'the path of a folder', assets);
  return {
    path: path?.replace(/\/$/, ''),
    token,
    authorize,
    hosts: hosts.map((host) => host.toLowerCase()),
    source,
    assets,
    onError,
  };
}

/**
 * Checks the options of a dashboard with its own server, and fills in the defaults. The result has `host` without
 * brackets. `token` is `undefined` if none is given.
 *
 * @throws InvalidArgumentError
 */
export function checkServerOptions(
  options: DashboardOptions,
): HandlerSettings & { readonly port: number; readonly host: string } {
  checkFields(options, ['port', 'host', ...SHARED_OPTIONS]);
  const { port = 4000, host = '127.0.0.1', ...rest } = options;
  check(Number.isInteger(port) && port >= 0 && port <= 65_535, 'port', 'a whole number, 0 to 65535', port);
  check(typeof host === 'string' && host !== '', 'host', 'an IP address or a host name', host);
  return { ...settingsOf({ ...rest, path: '/' }), port, host: host.replace(/^\[(.*)\]$/, '$1') };
}

function check(isFine: boolean, field: string, expected: string, got: unknown): void {
  if (!isFine) throw new InvalidArgumentError(field, expected, got);
}

function checkFields(options: object, known: readonly string[]): void {
  check(typeof options === 'object' && options !== null, 'options', 'an object', options);
  for (const field of Object.keys(options))
    check(known.includes(field), field, `left out, because the only options are ${known.join(', ')}`, field);
}

function isSource(source: unknown): boolean {
  if (typeof source !== 'object' || source === null) return false;
  const { snapshot$, log$, poll$ } = source as Partial<ClusterSource>;
  return isObservable(snapshot$) && isObservable(log$) && typeof poll$ === 'function';
}

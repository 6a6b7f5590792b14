import { createHash, createHmac, timingSafeEqual } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';
import { BlockList, isIP } from 'node:net';
import { hostname } from 'node:os';

/** The options of {@link AccessControl}. */
export interface AccessOptions {
  /**
   * The token. `undefined`: only this machine has access, unless `isAuthorizing` is true. `false`: no token is
   * required.
   */
  readonly token: string | false | undefined;
  /** The option `hosts` of the dashboard: further host names, in lower case, with or without a port. */
  readonly hosts: readonly string[];
  /** Whether the dashboard has an `authorize` function. That function decides after the checks of `AccessControl`. */
  readonly isAuthorizing: boolean;
}

/** The parts of a request that are checked. */
export interface RequestInfo {
  readonly headers: IncomingHttpHeaders;
  readonly socket: { readonly localAddress?: string | undefined; readonly remoteAddress?: string | undefined };
}

/** The HTTP status of a refused request, and the reason as text for the user. */
export interface Refusal {
  readonly status: number;
  readonly reason: string;
}

const HOST_PATTERN = /^(\[[\da-f:.]+\]|[^\s:/?#@[\]\\]+)(:\d+)?$/i;

const ORIGIN_PATTERN = /^(https?):\/\/([^/]+)$/;

/** Headers that a proxy adds to the requests it forwards. */
const PROXY_HEADERS = ['forwarded', 'x-forwarded-for', 'x-forwarded-host', 'x-real-ip', 'via'];

const NO_TOKEN: Refusal = {
  status: 401,
  reason: 'This dashboard requires a token. Open the link that was printed when it started; it ends in ?token=...',
};
const WRONG_TOKEN: Refusal = {
  status: 401,
  reason: 'This is not the token of this dashboard. Open the link that was printed when it last started.',
};
const ONLY_THIS_MACHINE: Refusal = {
  status: 403,
  reason:
    'Without a token, this dashboard accepts requests from its own machine only. To open it for other machines, set ' +
    'the option token, or the option authorize with a function that checks your login.',
};

const loopback = new BlockList();
loopback.addSubnet('127.0.0.0', 8);
loopback.addAddress('::1', 'ipv6');

/** Whether the address is `localhost` or a loopback IP address, so it means this machine. */
export function isLoopback(address: string): boolean {
  const family = isIP(address);
  return family === 0 ? address === 'localhost' : loopback.check(address, family === 6 ? 'ipv6' : 'ipv4');
}

/** Access control of the dashboard. Each check returns a refusal, or `undefined` if the request passes. */
export class AccessControl {
  readonly #secrets: Secrets | undefined;
  readonly #isOpenToAll: boolean;
  readonly #hosts: readonly string[];
  readonly #knownNames: ReadonlySet<string>;

  constructor({ token, hosts, isAuthorizing }: AccessOptions) {
    this.#secrets = typeof token === 'string' ? new Secrets(token) : undefined;
    this.#isOpenToAll = token === false || isAuthorizing;
    this.#hosts = hosts;
    this.#knownNames = new Set(['localhost', hostname().toLowerCase(), ...hosts.map(hostNameOf)]);
  }

  /**
   * Checks which host name a request names and where the request comes from. The check of the name guards against DNS
   * rebinding: a foreign site can let its own host name resolve to this server, but the `Host` header then contains the
   * foreign name. Requests from other machines and through proxies are refused, unless there is an `authorize` function
   * or `token` is `false`. If the dashboard has a token, all requests pass this check, because `checkToken` decides.
   */
  checkHost({ headers, socket }: RequestInfo): Refusal | undefined {
    if (this.#secrets !== undefined) return undefined;
    const name = hostNameOf(headers.host ?? '');
    if (isIP(name.replace(/^\[(.*)\]$/, '$1')) === 0 && !this.#knownNames.has(name)) {
      const reason = `This dashboard does not accept the host name '${name}'. To accept it, add it to the option hosts.`;
      return { status: 403, reason };
    }
    const isLocal = isLoopback(socket.localAddress ?? '') && isLoopback(socket.remoteAddress ?? '');
    const isDirect = !PROXY_HEADERS.some((header) => header in headers);
    return this.#isOpenToAll || (isLocal && isDirect) ? undefined : ONLY_THIS_MACHINE;
  }

  /**
   * Checks that the WebSocket request comes from a page of this dashboard. A request without an `Origin` header passes:
   * its client is not a browser, so the client has no cookie that a foreign page could use. A proxy may have changed
   * the `Host` header, so the origin may also be one of `hosts`.
   */
  checkOrigin({ headers: { origin, host = '' } }: Pick<RequestInfo, 'headers'>): Refusal | undefined {
    if (origin === undefined) return undefined;
    const [, scheme = '', originHost = ''] = ORIGIN_PATTERN.exec(origin.toLowerCase()) ?? [];
    const pageHost = hostInUrl(scheme, originHost);
    const isOwn = [host, ...this.#hosts].some((each) => hostInUrl(scheme, each) === pageHost);
    if (pageHost !== undefined && isOwn) return undefined;
    const advice =
      pageHost === undefined
        ? ''
        : ` If this is the dashboard's own page behind a proxy, add '${pageHost}' to the option hosts.`;
    return { status: 403, reason: `A page of another origin may not connect to this dashboard.${advice}` };
  }

  /**
   * Refuses a request that has neither the token in its `Authorization` header nor the cookie derived from the token.
   * If the header has a token, only that token counts, and the cookie is ignored. If the dashboard requires no token,
   * all requests pass.
   */
  checkToken({ headers: { authorization = '', cookie = '' } }: Pick<RequestInfo, 'headers'>): Refusal | undefined {
    if (this.#secrets === undefined) return undefined;
    const [, bearer] = /^Bearer +(\S+)$/i.exec(authorization) ?? [];
    if (bearer !== undefined) return this.#secrets.isToken(bearer) ? undefined : WRONG_TOKEN;
    return this.#secrets.isInCookies(cookie) ? undefined : NO_TOKEN;
  }

  /**
   * Checks the token in the query string. Returns the value of `Set-Cookie` for the right token, and a refusal for a
   * wrong token. Returns `undefined` if the query string has no token, or if the dashboard requires none.
   */
  cookieFor(query: string, isEncrypted: boolean): string | Refusal | undefined {
    const token = new URLSearchParams(query).get('token');
    if (this.#secrets === undefined || token === null) return undefined;
    return this.#secrets.isToken(token) ? this.#secrets.cookie(isEncrypted) : WRONG_TOKEN;
  }
}

/**
 * A token and the cookie derived from it. Comparisons with the token and with the value of the cookie take constant
 * time, so an attacker learns nothing from their duration.
 */
class Secrets {
  readonly #tokenDigest: Buffer;
  readonly #cookieDigest: Buffer;
  /**
   * Derived from the token. So dashboards with different tokens do not overwrite the cookies of each other, although a
   * browser uses the cookies of a host for all of its ports.
   */
  readonly #cookieName: string;
  readonly #cookieValue: string;

  constructor(token: string) {
    // The cookie is derived from the token: a restart with the same token keeps the cookie valid. The cookie does not
    // reveal the token.
    this.#cookieValue = createHmac('sha256', token).update('noex dashboard').digest('base64url');
    this.#cookieName = `noex-${digest(this.#cookieValue).toString('hex').slice(0, 12)}`;
    this.#tokenDigest = digest(token);
    this.#cookieDigest = digest(this.#cookieValue);
  }

  isToken(text: string): boolean {
    return timingSafeEqual(digest(text), this.#tokenDigest);
  }

  isInCookies(cookies: string): boolean {
    return cookies.split(';').some((cookie) => {
      const [name, value = ''] = cookie.trim().split('=', 2);
      return name === this.#cookieName && timingSafeEqual(digest(value), this.#cookieDigest);
    });
  }

  /**
   * Returns the value of `Set-Cookie`. The value has no `Path`, so the browser uses the public path of the page. The
   * server does not know that path, because a proxy may have rewritten it.
   */
  cookie(isEncrypted: boolean): string {
    return `${this.#cookieName}=${this.#cookieValue}; HttpOnly; SameSite=Strict${isEncrypted ? '; Secure' : ''}`;
  }
}

/** Returns the host in lower case, without its port. Returns an empty text if `host` is not a valid host. */
function hostNameOf(host: string): string {
  const [, name = ''] = HOST_PATTERN.exec(host) ?? [];
  return name.toLowerCase();
}

/**
 * Returns the host as browsers write it in a URL: without the default port of the scheme. Returns `undefined` if `host`
 * is not a valid host.
 */
function hostInUrl(scheme: string, host: string): string | undefined {
  const url = `${scheme}://${host}`;
  return HOST_PATTERN.test(host) && URL.canParse(url) ? new URL(url).host : undefined;
}

function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}

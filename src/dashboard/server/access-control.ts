import { createHash, createHmac, timingSafeEqual } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';
import { BlockList, isIP } from 'node:net';
import { hostname } from 'node:os';

/** The options of `AccessControl`. */
export interface GateOptions {
  /** `undefined`: only this machine has access, unless `authorize` decides. `false`: no token is required. */
  readonly token: string | false | undefined;
  /** Additional host names of the dashboard: in lower case, with or without a port. */
  readonly hosts: readonly string[];
  /** Whether the dashboard has an `authorize` function, which decides after these checks. */
  readonly isAuthorizing: boolean;
}

/** The parts of a request that are checked. */
export interface Caller {
  readonly headers: IncomingHttpHeaders;
  readonly socket: { readonly localAddress?: string | undefined; readonly remoteAddress?: string | undefined };
}

/** Why a request is refused, as text for the user. */
export interface Refusal {
  readonly status: number;
  readonly reason: string;
}

const HOST = /^(\[[\da-f:.]+\]|[^\s:/?#@[\]\\]+)(:\d+)?$/i;

const ORIGIN = /^(https?):\/\/([^/]+)$/;

/** Headers that a proxy adds to the requests it forwards. */
const PROXY_HEADERS = ['forwarded', 'x-forwarded-for', 'x-forwarded-host', 'x-real-ip', 'via'];

const NO_TOKEN: Refusal = {
  status: 401,
  reason: 'This dashboard requires a token. Open the link that it printed at its start; it ends in ?token=...',
};
const WRONG_TOKEN: Refusal = {
  status: 401,
  reason: 'This is not the token of this dashboard. Open the link that it printed at its latest start.',
};
const TOO_FAR: Refusal = {
  status: 403,
  reason:
    'Without a token this dashboard shows itself to its own machine only. Give it the option token, or the option ' +
    'authorize, which asks your login.',
};

const loopback = new BlockList();
loopback.addSubnet('127.0.0.0', 8);
loopback.addAddress('::1', 'ipv6');

export function isLoopback(address: string): boolean {
  const family = isIP(address);
  return family === 0 ? address === 'localhost' : loopback.check(address, family === 6 ? 'ipv6' : 'ipv4');
}

/** Access control of the dashboard. Each check returns a refusal, or `undefined` to pass. */
export class AccessControl {
  readonly #secrets: Secrets | undefined;
  readonly #isOpen: boolean;
  readonly #hosts: readonly string[];
  readonly #names: ReadonlySet<string>;

  constructor({ token, hosts, isAuthorizing }: GateOptions) {
    this.#secrets = typeof token === 'string' ? new Secrets(token) : undefined;
    this.#isOpen = token === false || isAuthorizing;
    this.#hosts = hosts;
    this.#names = new Set(['localhost', hostname().toLowerCase(), ...hosts.map(nameOf)]);
  }

  /**
   * Guards against DNS rebinding: a foreign site can resolve its own name to this server, but `Host` then contains that
   * name. Unless `token: false` or `authorize` opens the access, also refuses other machines and proxies. With a token, all
   * requests pass this check.
   */
  checkHost({ headers, socket }: Caller): Refusal | undefined {
    if (this.#secrets !== undefined) return undefined;
    const name = nameOf(headers.host ?? '');
    if (isIP(name.replace(/^\[(.*)\]$/, '$1')) === 0 && !this.#names.has(name)) {
      const reason = `This dashboard is not known as '${name}'. If it should be, put that name in its option hosts.`;
      return { status: 403, reason };
    }
    const isNear = isLoopback(socket.localAddress ?? '') && isLoopback(socket.remoteAddress ?? '');
    const isDirect = !PROXY_HEADERS.some((header) => header in headers);
    return this.#isOpen || (isNear && isDirect) ? undefined : TOO_FAR;
  }

  /**
   * Checks that a WebSocket is opened by a page of this dashboard. A request without an origin passes: it comes from a
   * client other than a browser, which has no cookies to abuse. A proxy may have changed `Host`, so the origin may also
   * be one of `hosts`.
   */
  checkOrigin({ headers: { origin, host = '' } }: Pick<Caller, 'headers'>): Refusal | undefined {
    if (origin === undefined) return undefined;
    const [, scheme = '', page = ''] = ORIGIN.exec(origin.toLowerCase()) ?? [];
    const place = placeAt(scheme, page);
    const isOwn = [host, ...this.#hosts].some((each) => placeAt(scheme, each) === place);
    if (place !== undefined && isOwn) return undefined;
    const advice =
      place === undefined ? '' : ` If that is its own page behind a proxy, put '${place}' in its option hosts.`;
    return { status: 403, reason: `A page of another origin may not listen to this dashboard.${advice}` };
  }

  /** Refuses a request without the token, if one is required. The token is a bearer token, or comes in the cookie. */
  checkToken({ headers: { authorization = '', cookie = '' } }: Pick<Caller, 'headers'>): Refusal | undefined {
    if (this.#secrets === undefined) return undefined;
    const [, bearer] = /^Bearer +(\S+)$/i.exec(authorization) ?? [];
    if (bearer !== undefined) return this.#secrets.isToken(bearer) ? undefined : WRONG_TOKEN;
    return this.#secrets.isIn(cookie) ? undefined : NO_TOKEN;
  }

  /**
   * The cookie for the token in the query string, or a refusal if that token is wrong. `undefined`: the query string has
   * no token, or the dashboard requires none.
   */
  cookieFor(query: string, isEncrypted: boolean): string | Refusal | undefined {
    const token = new URLSearchParams(query).get('token');
    if (this.#secrets === undefined || token === null) return undefined;
    return this.#secrets.isToken(token) ? this.#secrets.cookie(isEncrypted) : WRONG_TOKEN;
  }
}

/** A token and its cookie. Both are compared in constant time. */
class Secrets {
  readonly #token: Buffer;
  readonly #session: Buffer;
  /** Derived from the token: all ports of a host share their cookies, so each dashboard needs its own cookie name. */
  readonly #name: string;
  readonly #value: string;

  constructor(token: string) {
    // The cookie is derived from the token: it stays valid across restarts with the same token and does not reveal it.
    this.#value = createHmac('sha256', token).update('noex dashboard').digest('base64url');
    this.#name = `noex-${digest(this.#value).toString('hex').slice(0, 12)}`;
    this.#token = digest(token);
    this.#session = digest(this.#value);
  }

  isToken(text: string): boolean {
    return timingSafeEqual(digest(text), this.#token);
  }

  isIn(cookies: string): boolean {
    return cookies.split(';').some((cookie) => {
      const [name, value = ''] = cookie.trim().split('=', 2);
      return name === this.#name && timingSafeEqual(digest(value), this.#session);
    });
  }

  /** The cookie has no `Path`: browsers then use the public path of the page, which a proxy may have rewritten. */
  cookie(isEncrypted: boolean): string {
    return `${this.#name}=${this.#value}; HttpOnly; SameSite=Strict${isEncrypted ? '; Secure' : ''}`;
  }
}

/** The host without its port, in lower case; empty if the text is not a host. */
function nameOf(host: string): string {
  const [, name = ''] = HOST.exec(host) ?? [];
  return name.toLowerCase();
}

/** A host as browsers write it in URLs of a scheme: without the scheme's default port. */
function placeAt(scheme: string, host: string): string | undefined {
  const url = `${scheme}://${host}`;
  return HOST.test(host) && URL.canParse(url) ? new URL(url).host : undefined;
}

function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}

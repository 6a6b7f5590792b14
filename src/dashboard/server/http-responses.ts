import { createHash } from 'node:crypto';
import { type IncomingMessage, type OutgoingHttpHeaders, type ServerResponse, STATUS_CODES } from 'node:http';
import type { Duplex } from 'node:stream';
import type { Refusal } from './access-control.js';
import { TOKEN_PAGE_STYLE, tokenPage } from './token-page.js';

/** The parts of a page that its content security policy has to allow. */
interface PageParts {
  /** The texts of the inline scripts. */
  readonly scripts?: readonly string[];
  /** The texts of the inline styles. */
  readonly styles?: readonly string[];
  /** Whether the page submits a form to its own origin. */
  readonly hasForm?: boolean;
}

/**
 * Returns the content security policy of a page. The policy allows the given parts, and files and WebSockets of the
 * same origin.
 */
export function policyWith({ scripts = [], styles = [], hasForm = false }: PageParts): string {
  return [
    "default-src 'none'",
    ["script-src 'self'", ...scripts.map(hashSource)].join(' '),
    ["style-src 'self'", ...styles.map(hashSource)].join(' '),
    "img-src 'self' data:",
    "connect-src 'self'",
    "font-src 'self'",
    "manifest-src 'self'",
    "base-uri 'none'",
    `form-action ${hasForm ? "'self'" : "'none'"}`,
    "frame-ancestors 'none'",
  ].join('; ');
}

function hashSource(inline: string): string {
  // Browsers hash the parsed text, in which carriage returns are normalized.
  return `'sha256-${createHash('sha256').update(inline.replaceAll('\r\n', '\n')).digest('base64')}'`;
}

const SECURITY_HEADERS = {
  'Content-Security-Policy': policyWith({}),
  'Cross-Origin-Opener-Policy': 'same-origin',
  'Cross-Origin-Resource-Policy': 'same-origin',
  'Referrer-Policy': 'no-referrer',
  'X-Content-Type-Options': 'nosniff',
  'X-Frame-Options': 'DENY',
};

const NOT_STORED = { 'Cache-Control': 'no-store' };

export const CLOSED: Refusal = { status: 503, reason: 'This dashboard was closed.' };

const TEXT = 'text/plain; charset=utf-8';
const HTML = 'text/html; charset=utf-8';

/** The headers that HTTP requires in responses with these statuses. */
const HEADERS_BY_STATUS: { readonly [status: number]: OutgoingHttpHeaders } = {
  401: { 'WWW-Authenticate': 'Bearer' },
  405: { Allow: 'GET, HEAD' },
  426: { Upgrade: 'websocket' },
};

/**
 * A script that removes the token from the address: it opens the same page with a trailing slash and without the query
 * string. The script runs in the browser, because only the browser knows the public address. A proxy may have rewritten
 * the path.
 */
const REMOVE_TOKEN = "location.replace(location.origin + location.pathname.replace(/[/]?$/, '/') + location.hash)";

/**
 * A page that runs `REMOVE_TOKEN`. An HTTP redirect would not work: a browser that comes from another site would follow
 * the redirect without the new `SameSite` cookie.
 */
const SIGNED_IN_PAGE = Buffer.from(`<!doctype html>
<html lang="en">
  <meta charset="utf-8">
  <title>noex</title>
  <script>${REMOVE_TOKEN}</script>
  <noscript>This dashboard needs JavaScript, which is disabled in this browser.</noscript>
</html>
`);

/**
 * Responds with `headers` and `body`. Adds the security headers and the content length. The response to a HEAD request
 * has no body.
 */
export function respond(
  request: IncomingMessage,
  response: ServerResponse,
  status: number,
  headers: OutgoingHttpHeaders,
  body?: Buffer,
): void {
  const length = body === undefined ? {} : { 'Content-Length': body.length };
  response.writeHead(status, { ...SECURITY_HEADERS, ...headers, ...length });
  response.end(request.method === 'HEAD' ? undefined : body);
}

/**
 * Responds with the status and the reason of the refusal. A browser whose token is missing or wrong gets a page with a
 * form for the token.
 */
export function refuse(request: IncomingMessage, response: ServerResponse, { status, reason }: Refusal): void {
  if (status === 401 && String(request.headers.accept).includes('text/html')) {
    const policy = policyWith({ styles: [TOKEN_PAGE_STYLE], hasForm: true });
    const headers = {
      ...NOT_STORED,
      ...HEADERS_BY_STATUS[status],
      'Content-Security-Policy': policy,
      'Content-Type': HTML,
    };
    respond(request, response, status, headers, Buffer.from(tokenPage(reason)));
    return;
  }
  const headers = { ...NOT_STORED, 'Content-Type': TEXT, ...HEADERS_BY_STATUS[status] };
  respond(request, response, status, headers, Buffer.from(`${reason}\n`));
}

/** Sets the cookie, and responds with a page that opens the dashboard without the token in its address. */
export function setCookieAndRedirect(request: IncomingMessage, response: ServerResponse, cookie: string): void {
  const headers = {
    ...NOT_STORED,
    'Content-Security-Policy': policyWith({ scripts: [REMOVE_TOKEN] }),
    'Content-Type': HTML,
    'Set-Cookie': cookie,
  };
  respond(request, response, 200, headers, SIGNED_IN_PAGE);
}

/** Refuses a WebSocket request with an HTTP response. */
export function refuseUpgrade(socket: Duplex, { status, reason }: Refusal): void {
  // The socket emits an error if the client has already disconnected. Without a listener, that error would be uncaught.
  socket.on('error', () => socket.destroy());
  // The server destroys the socket, because a refused client might never close its side of the connection.
  socket.once('finish', () => socket.destroy());
  const body = `${reason}\n`;
  const headers = [
    'Connection: close',
    `Content-Type: ${TEXT}`,
    `Content-Length: ${Buffer.byteLength(body)}`,
    ...Object.entries(HEADERS_BY_STATUS[status] ?? {}).map(([name, value]) => `${name}: ${value}`),
  ];
  socket.end(`HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ''}\r\n${headers.join('\r\n')}\r\n\r\n${body}`);
}

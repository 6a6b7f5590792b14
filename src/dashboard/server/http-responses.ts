import { createHash } from 'node:crypto';
import { type IncomingMessage, type OutgoingHttpHeaders, type ServerResponse, STATUS_CODES } from 'node:http';
import type { Duplex } from 'node:stream';
import type { Refusal } from './access-control.js';

/** The content security policy of a page. It allows the given inline scripts, and files and WebSockets of the same origin. */
export function policyWith(inlineScripts: readonly string[]): string {
  // Browsers hash the parsed script, in which carriage returns are normalized.
  const digest = (script: string): string =>
    createHash('sha256').update(script.replaceAll('\r\n', '\n')).digest('base64');
  return [
    "default-src 'none'",
    ["script-src 'self'", ...inlineScripts.map((script) => `'sha256-${digest(script)}'`)].join(' '),
    "style-src 'self'",
    "img-src 'self' data:",
    "connect-src 'self'",
    "font-src 'self'",
    "manifest-src 'self'",
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
  ].join('; ');
}

const SECURITY = {
  'Content-Security-Policy': policyWith([]),
  'Cross-Origin-Opener-Policy': 'same-origin',
  'Cross-Origin-Resource-Policy': 'same-origin',
  'Referrer-Policy': 'no-referrer',
  'X-Content-Type-Options': 'nosniff',
  'X-Frame-Options': 'DENY',
};

const UNSTORED = { 'Cache-Control': 'no-store' };

export const CLOSED: Refusal = { status: 503, reason: 'This dashboard was closed.' };

const TEXT = 'text/plain; charset=utf-8';

/** Headers that the response with a status needs, by status. */
const HEADERS_OF: { readonly [status: number]: OutgoingHttpHeaders } = {
  401: { 'WWW-Authenticate': 'Bearer' },
  405: { Allow: 'GET, HEAD' },
  426: { Upgrade: 'websocket' },
};

/**
 * A script that goes to the address of the page with a trailing slash and without the token. It runs in the browser,
 * because only the browser knows the public address: a proxy may have rewritten the path.
 */
const GO_ON = "location.replace(location.origin + location.pathname.replace(/[/]?$/, '/') + location.hash)";

/**
 * The page that runs the redirect script. An HTTP redirect would not do: a browser that comes from another site follows
 * it without the new `SameSite` cookie.
 */
const LEAD_ON = Buffer.from(`<!doctype html>
<html lang="en">
  <meta charset="utf-8">
  <title>noex</title>
  <script>${GO_ON}</script>
  <noscript>This dashboard draws itself with JavaScript, which is switched off here.</noscript>
</html>
`);

/** Responds with `body`; to a HEAD request, only with its headers. */
export function respond(
  request: IncomingMessage,
  response: ServerResponse,
  status: number,
  headers: OutgoingHttpHeaders,
  body?: Buffer,
): void {
  const length = body === undefined ? {} : { 'Content-Length': body.length };
  response.writeHead(status, { ...SECURITY, ...headers, ...length });
  response.end(request.method === 'HEAD' ? undefined : body);
}

/** Responds with a page that explains the refusal. */
export function refuse(request: IncomingMessage, response: ServerResponse, { status, reason }: Refusal): void {
  const headers = { ...UNSTORED, 'Content-Type': TEXT, ...HEADERS_OF[status] };
  respond(request, response, status, headers, Buffer.from(`${reason}\n`));
}

/** Sets the cookie, and redirects to the page without the token in its address. */
export function leadOn(request: IncomingMessage, response: ServerResponse, cookie: string): void {
  const headers = {
    ...UNSTORED,
    'Content-Security-Policy': policyWith([GO_ON]),
    'Content-Type': 'text/html; charset=utf-8',
    'Set-Cookie': cookie,
  };
  respond(request, response, 200, headers, LEAD_ON);
}

/** Refuses a WebSocket with an HTTP response. */
export function refuseUpgrade(socket: Duplex, { status, reason }: Refusal): void {
  // The client may have disconnected already, and this error has no other listener.
  socket.on('error', () => socket.destroy());
  // A refused client must not keep the connection open by never closing its side.
  socket.once('finish', () => socket.destroy());
  const body = `${reason}\n`;
  const headers = [
    'Connection: close',
    `Content-Type: ${TEXT}`,
    `Content-Length: ${Buffer.byteLength(body)}`,
    ...Object.entries(HEADERS_OF[status] ?? {}).map(([name, value]) => `${name}: ${value}`),
  ];
  socket.end(`HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ''}\r\n${headers.join('\r\n')}\r\n\r\n${body}`);
}

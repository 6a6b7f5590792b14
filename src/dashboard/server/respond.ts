import { type IncomingMessage, type OutgoingHttpHeaders, type ServerResponse, STATUS_CODES } from 'node:http';
import type { Duplex } from 'node:stream';
import type { Refusal } from './gate.js';

/** What a page of the dashboard may do: load its own files, and talk to its own server. */
const POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self' data:",
  "connect-src 'self'",
  "font-src 'self'",
  "manifest-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ');

const SECURITY = {
  'Content-Security-Policy': POLICY,
  'Cross-Origin-Opener-Policy': 'same-origin',
  'Cross-Origin-Resource-Policy': 'same-origin',
  'Referrer-Policy': 'no-referrer',
  'X-Content-Type-Options': 'nosniff',
  'X-Frame-Options': 'DENY',
};

const UNSTORED = { 'Cache-Control': 'no-store' };

const TEXT = 'text/plain; charset=utf-8';

/** What else belongs to an answer. */
const HEADERS_OF: { readonly [status: number]: OutgoingHttpHeaders } = {
  401: { 'WWW-Authenticate': 'Bearer' },
  405: { Allow: 'GET, HEAD' },
  426: { Upgrade: 'websocket' },
};

/** Leads on by itself. A browser that comes from another site would follow a redirect without its new cookie. */
const LEAD_ON = Buffer.from(`<!doctype html>
<html lang="en">
  <meta charset="utf-8">
  <meta http-equiv="refresh" content="0; url=./">
  <title>noex</title>
  <p><a href="./">To the dashboard</a></p>
</html>
`);

/** Answers with `body`, to a HEAD with what it would be like. */
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

/** Answers with a page that says why not. */
export function refuse(request: IncomingMessage, response: ServerResponse, { status, reason }: Refusal): void {
  const headers = { ...UNSTORED, 'Content-Type': TEXT, ...HEADERS_OF[status] };
  respond(request, response, status, headers, Buffer.from(`${reason}\n`));
}

/** Answers with a redirect to `location`, which is relative: there may be a proxy that calls this place something else. */
export function redirect(request: IncomingMessage, response: ServerResponse, location: string): void {
  respond(request, response, 307, { ...UNSTORED, Location: location });
}

/** Sets the cookie, and goes to the page without the token in its address. */
export function leadOn(request: IncomingMessage, response: ServerResponse, cookie: string): void {
  const headers = { ...UNSTORED, 'Content-Type': 'text/html; charset=utf-8', 'Set-Cookie': cookie };
  respond(request, response, 200, headers, LEAD_ON);
}

/** Answers instead of opening a WebSocket. */
export function refuseUpgrade(socket: Duplex, { status, reason }: Refusal): void {
  // It may be gone already, and nobody else listens for that.
  socket.on('error', () => socket.destroy());
  // Whoever is refused cannot keep the connection by not ending it.
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

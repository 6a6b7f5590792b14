import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';

const MAX_FORM_BYTES = 1000;

const PAGE = `<!doctype html>
<title>Sign in</title>
<form method="post"><label>Password <input type="password" name="password" autofocus></label> <button>Sign in</button></form>
`;

/** Stands for the login of your server: one password, and a session in a cookie for each browser that knows it. */
export function createLogin(password = process.env['SHOP_PASSWORD'] || randomBytes(12).toString('base64url')) {
  const sessions = new Set<string>();

  /** Needs nothing but the headers of a request, and so works for the request of a WebSocket as well. */
  const isSignedIn = ({ headers }: IncomingMessage): boolean => {
    const [, session = ''] = /(?:^|; *)shop=([\w-]+)/.exec(headers.cookie ?? '') ?? [];
    return sessions.has(session);
  };

  const signIn = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const form = new URLSearchParams(await textOf(request));
    if (!isSame(form.get('password') ?? '', password)) {
      response.writeHead(401, { 'Content-Type': 'text/html' }).end(PAGE);
      return;
    }
    const session = randomBytes(24).toString('base64url');
    sessions.add(session);
    // Behind TLS add "Secure".
    const cookie = `shop=${session}; Path=/; HttpOnly; SameSite=Strict`;
    response.writeHead(303, { Location: '/ops/', 'Set-Cookie': cookie }).end();
  };

  return {
    password,
    isSignedIn,
    /** Answers requests for /login. */
    answer(request: IncomingMessage, response: ServerResponse): void {
      if (request.method === 'POST') signIn(request, response).catch(() => response.destroy());
      else response.writeHead(200, { 'Content-Type': 'text/html' }).end(PAGE);
    },
  };
}

async function textOf(request: IncomingMessage): Promise<string> {
  let text = '';
  for await (const chunk of request.setEncoding('utf8')) {
    text += chunk;
    if (text.length > MAX_FORM_BYTES) throw new Error('the form is too long');
  }
  return text;
}

function isSame(one: string, other: string): boolean {
  const digest = (text: string): Buffer => createHash('sha256').update(text).digest();
  return timingSafeEqual(digest(one), digest(other));
}

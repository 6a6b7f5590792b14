import type { FeedMessage } from '../../view-model/feed-protocol.js';
import type { Link } from './connection-state.js';
import { retryDelay } from './retry-delay.js';

export interface Handlers {
  changed(link: Link): void;
  received(message: FeedMessage): void;
}

/** A connection without a message for this long is treated as lost, even if the browser considers it open, ms. */
const SILENCE_MS = 30_000;

/** The longest reason that is shown, in characters. It may come from a proxy. */
const MAX_REASON = 300;

/** Opens the WebSocket, and reopens it whenever the connection is lost: after a delay, or once the browser is online. */
export function connect(url: URL, { changed, received }: Handlers): void {
  let failures = 0;

  const open = (): void => {
    changed({ status: 'connecting' });
    const socket = new WebSocket(url);
    let silence: number | undefined;
    const heard = (): void => {
      clearTimeout(silence);
      silence = setTimeout(lost, SILENCE_MS);
    };
    const lost = (): void => {
      clearTimeout(silence);
      socket.onopen = socket.onmessage = socket.onclose = null;
      socket.close();
      failures += 1;
      const delay = retryDelay(failures, Math.random());
      const waiting = { status: 'waiting', retryAt: performance.now() + delay } as const;
      changed(waiting);
      retryAfter(delay);
      if (wasOpened) return;
      void refusalAt(url).then((reason) => {
        if (reason !== undefined && performance.now() < waiting.retryAt) changed({ ...waiting, reason });
      });
    };
    let wasOpened = false;
    socket.onopen = () => {
      wasOpened = true;
      changed({ status: 'open' });
      heard();
    };
    socket.onmessage = ({ data }: MessageEvent<string>) => {
      failures = 0;
      heard();
      received(JSON.parse(data));
    };
    socket.onclose = lost;
  };

  const retryAfter = (delay: number): void => {
    const retry = (): void => {
      clearTimeout(timer);
      removeEventListener('online', retry);
      open();
    };
    const timer = setTimeout(retry, delay);
    addEventListener('online', retry);
  };

  open();
}

const UPGRADE_REQUIRED = 426;

/**
 * Why the server refuses the WebSocket at `url`; `undefined` when it does not, or cannot be reached. The answer to the WebSocket
 * itself cannot be read by a page.
 */
async function refusalAt({ href }: URL): Promise<string | undefined> {
  const address = new URL(href.replace(/^ws/, 'http'));
  address.searchParams.set('origin', location.origin);
  try {
    const response = await fetch(address, { cache: 'no-store', headers: { Accept: 'text/plain' } });
    if (response.status === UPGRADE_REQUIRED) return undefined;
    const isText = response.headers.get('Content-Type')?.startsWith('text/plain') ?? false;
    const text = isText ? await response.text() : '';
    return text.trim().slice(0, MAX_REASON) || `The server answers ${response.status}.`;
  } catch {
    return undefined;
  }
}

import type { FeedMessage } from '../../view-model/feed-protocol.js';
import type { ConnectionState } from './connection-state.js';
import { retryDelay } from './retry-delay.js';

export interface ConnectionHandlers {
  changed(link: ConnectionState): void;
  received(message: FeedMessage): void;
}

/**
 * The maximum time between two messages, ms. After a longer silence, the connection is treated as lost, even if the
 * browser considers it open.
 */
const SILENCE_MS = 30_000;

/** The maximum length of the shown reason for a refusal, UTF-16 code units. A proxy may send a long reason. */
const MAX_REASON = 300;

/**
 * Opens the WebSocket. Whenever the connection is lost, reopens the WebSocket after a delay, or as soon as the browser
 * is online again.
 */
export function connect(url: URL, { changed, received }: ConnectionHandlers): void {
  let failures = 0;

  const open = (): void => {
    changed({ status: 'connecting' });
    const socket = new WebSocket(url);
    let silence: number | undefined;
    const restartSilenceTimer = (): void => {
      clearTimeout(silence);
      silence = setTimeout(onLost, SILENCE_MS);
    };
    const onLost = (): void => {
      clearTimeout(silence);
      socket.onopen = socket.onmessage = socket.onclose = null;
      socket.close();
      failures += 1;
      const delay = retryDelay(failures, Math.random());
      const waiting = { status: 'waiting', retryAt: performance.now() + delay } as const;
      changed(waiting);
      retryAfter(delay);
      if (wasOpened) return;
      void refusalReason(url).then((reason) => {
        if (reason !== undefined && performance.now() < waiting.retryAt) changed({ ...waiting, reason });
      });
    };
    let wasOpened = false;
    socket.onopen = () => {
      wasOpened = true;
      changed({ status: 'open' });
      restartSilenceTimer();
    };
    socket.onmessage = ({ data }: MessageEvent<string>) => {
      failures = 0;
      restartSilenceTimer();
      received(JSON.parse(data));
    };
    socket.onclose = onLost;
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
 * Asks the server why it refuses the WebSocket. A page cannot read the response to a WebSocket request, so this is a
 * plain request to the same URL. Resolves to `undefined` if the server does not refuse the WebSocket, or cannot be
 * reached.
 */
async function refusalReason({ href }: URL): Promise<string | undefined> {
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

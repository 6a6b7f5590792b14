import type { FeedMessage } from '../../view-model/feed.js';
import type { Link } from './connection-state.js';
import { retryDelay } from './retry-delay.js';

export interface Handlers {
  changed(link: Link): void;
  received(message: FeedMessage): void;
}

/** A connection without a message for this long is treated as lost, even if the browser considers it open, ms. */
const SILENCE_MS = 30_000;

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
      changed({ status: 'waiting', retryAt: performance.now() + delay });
      retryAfter(delay);
    };
    socket.onopen = () => {
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

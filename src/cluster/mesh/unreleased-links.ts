import type { Clock } from '../../clock.js';
import type { Connection } from '../transport/transport.js';
import { createNonce, type Expectation, type LocalSide } from './handshake.js';
import { Link, type LinkHandlers } from './link.js';

interface UnreleasedLinksOptions {
  readonly clock: Clock;
  readonly local: Omit<LocalSide, 'nonce'>;
  readonly handlers: Omit<LinkHandlers, 'onReleased'>;
}

/** Creates links, and holds every link until its connection is released. */
export class UnreleasedLinks {
  readonly #options: UnreleasedLinksOptions;
  readonly #links = new Set<Link>();
  #onEmpty: (() => void) | undefined;

  constructor(options: UnreleasedLinksOptions) {
    this.#options = options;
  }

  /**
   * Creates a link on a new connection.
   *
   * @param expected the node that this side wants to reach; `undefined` if it accepted the connection
   * @param delayMs how long frames of the other side are held before the handshake begins, ms
   */
  open(connection: Connection, expected: Expectation | undefined, delayMs: number): Link {
    const { clock, local, handlers } = this.#options;
    const link = new Link({
      connection,
      clock,
      local: { ...local, nonce: createNonce() },
      handlers: { ...handlers, onReleased: (released) => this.#released(released) },
      delayMs,
      ...(expected && { expected }),
    });
    this.#links.add(link);
    return link;
  }

  /**
   * Ends all links because this node stops. Peers with an established link receive a `leave` frame. Resolves when all
   * connections are released.
   */
  async leave(): Promise<void> {
    for (const link of this.#links) link.leave();
    if (this.#links.size === 0) return;
    await new Promise<void>((resolve) => {
      this.#onEmpty = resolve;
    });
  }

  #released(link: Link): void {
    this.#links.delete(link);
    if (this.#links.size === 0) this.#onEmpty?.();
  }
}

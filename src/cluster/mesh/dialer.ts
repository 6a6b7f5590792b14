import type { MembershipChange } from '../membership.js';
import { NodeId } from '../node-id.js';
import type { Address } from '../transport/transport.js';
import type { Expectation } from './handshake.js';
import type { LinkEndReason } from './link-end-reason.js';
import { type RetryOptions, RetrySchedule } from './retry-schedule.js';

/**
 * What to dial, and what to call with the outcome. For each dial, exactly one of `reached` and `failed` is called,
 * unless this node stops.
 */
export interface DialTarget {
  /** The node id or seed, as errors name it. */
  readonly label: string;
  readonly address: Address;
  readonly expected: Expectation;
  /**
   * Whether there was a link with the target before. The end of that link has been reported. So an unreachable target
   * is not reported again, unless this node itself answers (`self`).
   */
  readonly wasLinked: boolean;
  /** Whether it is normal that the local node itself answers at this address. */
  readonly mayBeSelf: boolean;
  /**
   * Whether `address` is one of several addresses of a host. A node with an unexpected name at one of them may be
   * normal, so it is reported only if the dial keeps failing.
   */
  readonly isOneOfMany: boolean;
  /** Called when a node answered, and a link with this node is in use. */
  reached(id: NodeId): void;
  /**
   * Called when the attempt failed.
   *
   * @param end why the link ended; `undefined` if the node answered, but must be dialled again after a delay
   */
  failed(end?: LinkEndReason): void;
}

export interface DialerOptions extends Omit<RetryOptions<NodeId>, 'attempt'> {
  /**
   * Whether this node dials at once when it and the other node discover each other. Otherwise, it waits a short time.
   */
  readonly dialsFirst: (id: NodeId) => boolean;
  readonly wasLinked: (id: NodeId) => boolean;
  readonly dial: (target: DialTarget) => void;
}

/** Dials members without a link until they are linked, have left, or are forgotten. */
export class Dialer {
  readonly #options: DialerOptions;
  readonly #attempts: RetrySchedule<NodeId>;

  constructor(options: DialerOptions) {
    this.#options = options;
    this.#attempts = new RetrySchedule({ ...options, attempt: (id) => options.dial(this.#targetOf(id)) });
  }

  stop(): void {
    this.#attempts.stop();
  }

  follow({ type, id }: MembershipChange): void {
    switch (type) {
      case 'learned':
        // Both nodes discover each other at about the same time. To avoid two links, one of them dials at once, and the
        // other waits a short time.
        this.#attempts.begin(id, this.#options.dialsFirst(id) ? 'now' : 'soon');
        break;
      case 'down':
        this.#attempts.begin(id, 'soon');
        break;
      case 'up':
      case 'left':
      case 'forgotten':
        this.#attempts.end(id);
        break;
    }
  }

  #targetOf(id: NodeId): DialTarget {
    const { host, port } = NodeId.parts(id);
    return {
      label: id,
      address: { host, port },
      expected: { id },
      wasLinked: this.#options.wasLinked(id),
      mayBeSelf: false,
      isOneOfMany: false,
      reached: () => this.#attempts.end(id),
      failed: () => this.#attempts.failed(id),
    };
  }
}

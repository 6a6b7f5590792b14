import type { MembershipChange } from '../membership.js';
import { NodeId } from '../node-id.js';
import type { Address } from '../transport/transport.js';
import type { Expectation } from './handshake.js';
import type { LinkEnd } from './link-end.js';
import { type RetryOptions, RetrySchedule } from './retry-schedule.js';

/** What one dialled link is to reach. Exactly one of the two methods is called, unless the node stops. */
export interface DialTarget {
  /** As errors name it: a node id, or a seed. */
  readonly label: string;
  readonly address: Address;
  readonly expected: Expectation;
  /** There was a link once: that it is gone is known. */
  readonly wasLinked: boolean;
  /** That this very node answers is no mistake. */
  readonly mayBeSelf: boolean;
  /** Of several addresses of one host: that another node answers here is no mistake, unless it does everywhere. */
  readonly isOneOfMany: boolean;
  /** This node answers there, and is linked. */
  reached(id: NodeId): void;
  /** @param end why there is no link, where one was refused or broke */
  failed(end?: LinkEnd): void;
}

export interface DialerOptions extends Omit<RetryOptions<NodeId>, 'attempt'> {
  /** Whether it is for this side to dial at once, when both hear of each other. */
  readonly dialsFirst: (id: NodeId) => boolean;
  readonly wasLinked: (id: NodeId) => boolean;
  readonly dial: (target: DialTarget) => void;
}

/** Dials members without a link, until there is one or they are forgotten. */
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
        // Both of two nodes hear of each other. One dials at once and the other waits, for two links are one too many.
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

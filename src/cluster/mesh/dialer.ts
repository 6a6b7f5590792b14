import type { MembershipChange } from '../membership.js';
import { NodeId } from '../node-id.js';
import type { Address } from '../transport/transport.js';
import type { Expectation } from './handshake.js';
import type { LinkEnd } from './link-end.js';
import { type RetryOptions, RetrySchedule } from './retry-schedule.js';

/** The target of a dialled link. Exactly one of the two methods is called, unless the node stops. */
export interface DialTarget {
  /** The name of the target in errors: a node id or a seed. */
  readonly label: string;
  readonly address: Address;
  readonly expected: Expectation;
  /** There was a link before, so its loss has already been reported. */
  readonly wasLinked: boolean;
  /** Whether the local node may answer here without that being an error. */
  readonly mayBeSelf: boolean;
  /**
   * One of several addresses of a host: a different node answering here is an error only if one does at every address.
   */
  readonly isOneOfMany: boolean;
  /** Called when this node answered and is linked. */
  reached(id: NodeId): void;
  /** @param end how the attempt was refused or broke. Absent: the node answered, and is to be dialled again later. */
  failed(end?: LinkEnd): void;
}

export interface DialerOptions extends Omit<RetryOptions<NodeId>, 'attempt'> {
  /** Whether this side dials at once when both sides discover each other. */
  readonly dialsFirst: (id: NodeId) => boolean;
  readonly wasLinked: (id: NodeId) => boolean;
  readonly dial: (target: DialTarget) => void;
}

/** Dials members without a link until they are linked or forgotten. */
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
        // Both nodes discover each other at about the same time. One dials at once and the other waits, to avoid a
        // second link.
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

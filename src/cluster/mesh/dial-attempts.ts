import type { Clock } from '../../clock.js';
import { asError } from '../../errors.js';
import type { ClusterSettings } from '../cluster-config.js';
import { clip } from '../codec.js';
import type { NodeId } from '../node-id.js';
import type { Connection, Transport } from '../transport/transport.js';
import type { DialTarget } from './dialer.js';
import type { Expectation } from './handshake.js';
import type { Link } from './link.js';
import type { LinkEndReason } from './link-end-reason.js';
import type { LinkErrorReporter } from './link-error-reporter.js';
import type { DialOutcome } from './link-selection.js';
import { UnreachableReporter } from './unreachable-reporter.js';

interface DialAttemptsOptions {
  readonly clock: Clock;
  readonly transport: Transport;
  readonly tls: ClusterSettings['tls'];
  readonly linkErrors: LinkErrorReporter;
  readonly onError: (error: Error) => void;
  readonly openLink: (connection: Connection, expected: Expectation) => Link;
}

/**
 * Dials targets, and remembers the target of each dialled link. Passes the outcome of each dial to the target, and
 * reports targets that stay unreachable.
 */
export class DialAttempts {
  readonly #options: DialAttemptsOptions;
  readonly #targets = new WeakMap<Link, DialTarget>();
  readonly #unreachable: UnreachableReporter;

  constructor(options: DialAttemptsOptions) {
    this.#options = options;
    this.#unreachable = new UnreachableReporter(options.onError);
  }

  dial(target: DialTarget): void {
    const { transport, tls, openLink } = this.#options;
    let connection: Connection;
    try {
      connection = transport.connect(target.address, tls);
    } catch (thrown) {
      // This version of Node.js does not accept the address.
      this.failed(target, { kind: 'broken', reason: clip(asError(thrown).message) });
      return;
    }
    this.#targets.set(openLink(connection, target.expected), target);
  }

  /** Returns the target of a dialled link; `undefined` if the link was accepted, or its dial was settled. */
  targetOf(link: Link): DialTarget | undefined {
    return this.#targets.get(link);
  }

  /** Passes the outcome of a dialled link, on which the other side sent its welcome, to the target of the link. */
  settle(link: Link, id: NodeId, outcome: DialOutcome): void {
    const target = this.#targets.get(link);
    this.#targets.delete(link);
    if (target === undefined) return;
    if (outcome === 'later') target.failed();
    else this.reached(target, id);
  }

  reached(target: DialTarget, id: NodeId): void {
    this.#unreachable.reached(target.label);
    this.#options.linkErrors.settled(target.label);
    target.reached(id);
  }

  failed(target: DialTarget, end: LinkEndReason): void {
    const { label, wasLinked } = target;
    // In these cases, the failure needs no further report.
    const isExplained =
      // It is normal that this node itself answers at this address.
      (end.reason === 'self' && target.mayBeSelf) ||
      // `LinkErrorReporter` reports a wrong node, unless the address is one of many.
      (end.reason === 'wrong_node' && !target.isOneOfMany) ||
      // `LinkErrorReporter.broken` reports an error of TLS.
      (end.kind === 'broken' && this.#options.linkErrors.broken(label, end.reason));
    if (!isExplained) this.#report(label, end, wasLinked);
    target.failed(end);
  }

  /** Records that a seed has no address, or that a source of seeds failed. */
  unresolved(label: string, reason: string, wasLinked: boolean): void {
    this.#report(label, { kind: 'broken', reason }, wasLinked);
  }

  resolved(label: string): void {
    this.#unreachable.reached(label);
  }

  #report(label: string, end: LinkEndReason, wasLinked: boolean): void {
    this.#unreachable.failed({ label, end, wasLinked }, this.#options.clock.monotonic());
  }
}

import type { NodeId } from './node-id.js';

/** Measurements of the link with one node. Rates are over the last five seconds, or since the link was established. */
export interface LinkFigures {
  /** Messages between processes: casts, calls, replies, notices. */
  readonly messagesSentPerSecond: number;
  readonly messagesReceivedPerSecond: number;
  /** All data on the link: messages, reports, heartbeats. */
  readonly bytesSentPerSecond: number;
  readonly bytesReceivedPerSecond: number;
  /**
   * The time from the last answered probe to its answer, ms. A probe is sent with each heartbeat, unless one is
   * pending. `null` before the first answer.
   */
  readonly roundTripMs: number | null;
  /** The data that was sent but has not been transmitted yet, bytes. */
  readonly backlogBytes: number;
  /**
   * How often this node connected with the other node again after their link was lost. Counts from 0 again after the
   * other node has left or was forgotten.
   */
  readonly reconnects: number;
}

/** The measurements of one link that an engine provides. */
export interface LinkState {
  /** All data transmitted over the connection of this link, handshake included. */
  readonly sentBytes: number;
  readonly receivedBytes: number;
  readonly roundTripMs: number | null;
  readonly reconnects: number;
}

/** Totals of one link. They never fall while the link lasts. */
export interface LinkTotals {
  readonly sentMessages: number;
  readonly receivedMessages: number;
  readonly sentBytes: number;
  readonly receivedBytes: number;
}

interface Sample extends LinkTotals {
  /** When the sample was taken, ms of the monotonic clock. */
  readonly at: number;
}

type Rates = Pick<
  LinkFigures,
  'messagesSentPerSecond' | 'messagesReceivedPerSecond' | 'bytesSentPerSecond' | 'bytesReceivedPerSecond'
>;

/** The time between two calls of {@link LinkRates.sample}, ms. */
export const SAMPLE_INTERVAL_MS = 1000;
/** The number of sample intervals that a rate covers. */
const INTERVALS = 5;

/** Computes the rates of all links from periodic samples of their totals. */
export class LinkRates {
  readonly #samples = new Map<NodeId, readonly Sample[]>();

  /**
   * Adds one sample of each link, and removes links that are not in `totals`.
   *
   * @param at ms of the monotonic clock
   */
  sample(totals: ReadonlyMap<NodeId, LinkTotals>, at: number): void {
    for (const id of this.#samples.keys()) if (!totals.has(id)) this.#samples.delete(id);
    for (const [id, counts] of totals) {
      const before = this.#samples.get(id) ?? [];
      const latest = before.at(-1);
      // The totals of a new link start at 0, so a total that has fallen belongs to a new link.
      const isNewLink = latest !== undefined && hasFallen(latest, counts);
      this.#samples.set(id, [...(isNewLink ? [] : before.slice(-INTERVALS)), { ...counts, at }]);
    }
  }

  /** Returns the rates of the link with a node; all are 0 before its second sample. */
  of(id: NodeId): Rates {
    const samples = this.#samples.get(id) ?? [];
    const first = samples.at(0);
    const last = samples.at(-1);
    const seconds = first === undefined || last === undefined ? 0 : (last.at - first.at) / 1000;
    const rate = (field: keyof LinkTotals): number =>
      seconds > 0 && first !== undefined && last !== undefined ? (last[field] - first[field]) / seconds : 0;
    return {
      messagesSentPerSecond: rate('sentMessages'),
      messagesReceivedPerSecond: rate('receivedMessages'),
      bytesSentPerSecond: rate('sentBytes'),
      bytesReceivedPerSecond: rate('receivedBytes'),
    };
  }
}

const COUNTS = ['sentMessages', 'receivedMessages', 'sentBytes', 'receivedBytes'] satisfies (keyof LinkTotals)[];

function hasFallen(before: LinkTotals, now: LinkTotals): boolean {
  return COUNTS.some((field) => now[field] < before[field]);
}

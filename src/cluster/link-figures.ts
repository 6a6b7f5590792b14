import type { NodeId } from './node-id.js';

/** What is measured of the link with one node. Rates are over the last five seconds, or since the link was established. */
export interface LinkFigures {
  /** What processes send one another: casts, calls, replies, notices. */
  readonly messagesSentPerSecond: number;
  readonly messagesReceivedPerSecond: number;
  /** All that goes over the link: messages, reports, heartbeats. */
  readonly bytesSentPerSecond: number;
  readonly bytesReceivedPerSecond: number;
  /** How long the node took to answer the last probe, ms; probes go with the heartbeats. `null` before the first answer. */
  readonly roundTripMs: number | null;
  /** What was sent and has not been transmitted yet, bytes. */
  readonly backlogBytes: number;
  /** How often the link was established again, as long as the node is known. */
  readonly reconnects: number;
}

/** What an engine knows of the link with one node. */
export interface LinkState {
  /** Since the link was established. */
  readonly sentBytes: number;
  readonly receivedBytes: number;
  readonly roundTripMs: number | null;
  readonly reconnects: number;
}

/** Counts that only grow while a link lasts. */
export interface LinkTotals {
  readonly sentMessages: number;
  readonly receivedMessages: number;
  readonly sentBytes: number;
  readonly receivedBytes: number;
}

interface Sample extends LinkTotals {
  /** ms of the monotonic clock */
  readonly at: number;
}

type Rates = Pick<
  LinkFigures,
  'messagesSentPerSecond' | 'messagesReceivedPerSecond' | 'bytesSentPerSecond' | 'bytesReceivedPerSecond'
>;

/** How often links are to be sampled, ms. */
export const SAMPLE_INTERVAL_MS = 1000;
/** Rates are over so many intervals. */
const INTERVALS = 5;

/** The rates of all links, from samples of their counts. */
export class LinkRates {
  readonly #samples = new Map<NodeId, readonly Sample[]>();

  /** Takes one sample of each link, and forgets links that are gone. */
  sample(totals: ReadonlyMap<NodeId, LinkTotals>, at: number): void {
    for (const id of this.#samples.keys()) if (!totals.has(id)) this.#samples.delete(id);
    for (const [id, counts] of totals) {
      const before = this.#samples.get(id) ?? [];
      const latest = before.at(-1);
      const isOther = latest !== undefined && hasFallen(latest, counts);
      // Those of a new link begin at 0.
      this.#samples.set(id, [...(isOther ? [] : before.slice(-INTERVALS)), { ...counts, at }]);
    }
  }

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

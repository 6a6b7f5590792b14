import { type Check, count, list, maxLength, nonNegative, object, orNull, parse } from './validators.js';

/** The link of one node with another one. Rates are averages of the last five seconds. */
export interface NodeLink extends Omit<NodeLinks, 'count' | 'slowest'> {
  /** The node at the other end. */
  readonly nodeId: string;
  /** How long the node at the other end took to answer the last probe, ms; `null` before the first answer. */
  readonly roundTripMs: number | null;
}

/**
 * The maximum length of a node id that a reader accepts, in characters. Longer than noex allows for its own node ids.
 */
export const MAX_NODE_ID = 1000;

/** The maximum number of links of one node that a reader accepts. */
const MAX_LINKS = 10_000;

const LINKS: Check = list(
  object({
    nodeId: maxLength(MAX_NODE_ID),
    messagesSentPerSecond: nonNegative,
    messagesReceivedPerSecond: nonNegative,
    bytesSentPerSecond: nonNegative,
    bytesReceivedPerSecond: nonNegative,
    roundTripMs: orNull(nonNegative),
    backlogBytes: nonNegative,
    reconnects: count,
  }),
  MAX_LINKS,
);

/** Reads the links that another node has sent. @throws TypeError with the path of the invalid part */
export function decodeLinks(sent: unknown): readonly NodeLink[] {
  return parse(sent, LINKS, 'links') as readonly NodeLink[];
}

/** Sums over the links of one node with other members. Rates are averages of the last five seconds. */
export interface NodeLinks {
  /** The number of links. */
  readonly count: number;
  /** Messages to processes of other nodes: casts, calls, replies and notices. */
  readonly messagesSentPerSecond: number;
  /** Messages from processes of other nodes: casts, calls, replies and notices. */
  readonly messagesReceivedPerSecond: number;
  /** All bytes sent on the links, such as messages, reports and heartbeats. */
  readonly bytesSentPerSecond: number;
  /** All bytes received on the links. */
  readonly bytesReceivedPerSecond: number;
  /** Bytes that wait in this node to be transmitted. */
  readonly backlogBytes: number;
  /** How often a lost link was established again. */
  readonly reconnects: number;
  /** The link with the longest round trip. Absent: no round trip has been measured yet. */
  readonly slowest?: { readonly nodeId: string; readonly roundTripMs: number };
}

/**
 * Sums the figures of all links of a node. Returns `undefined` if `links` is empty. To keep reports short, sums are
 * rounded to whole numbers, and the longest round trip is rounded to 0.1 ms.
 */
export function sumOfLinks(links: readonly NodeLink[]): NodeLinks | undefined {
  if (links.length === 0) return undefined;
  const sum = (field: SummedField): number => Math.round(links.reduce((total, figures) => total + figures[field], 0));
  let slowest: NodeLinks['slowest'];
  for (const { nodeId, roundTripMs } of links) {
    if (roundTripMs === null || (slowest !== undefined && slowest.roundTripMs >= roundTripMs)) continue;
    slowest = { nodeId, roundTripMs };
  }
  return {
    count: links.length,
    messagesSentPerSecond: sum('messagesSentPerSecond'),
    messagesReceivedPerSecond: sum('messagesReceivedPerSecond'),
    bytesSentPerSecond: sum('bytesSentPerSecond'),
    bytesReceivedPerSecond: sum('bytesReceivedPerSecond'),
    backlogBytes: sum('backlogBytes'),
    reconnects: sum('reconnects'),
    ...(slowest !== undefined && { slowest: { ...slowest, roundTripMs: Math.round(slowest.roundTripMs * 10) / 10 } }),
  };
}

type SummedField = Exclude<keyof NodeLinks, 'count' | 'slowest'>;

/** The sums as they are sent, followed by the round trip, in ms, and the node id of the slowest link, if measured. */
export type PackedLinks = readonly (number | string)[];

export function packLinks(links: NodeLinks): PackedLinks {
  const { count, messagesSentPerSecond, messagesReceivedPerSecond, bytesSentPerSecond, bytesReceivedPerSecond } = links;
  const rates = [messagesSentPerSecond, messagesReceivedPerSecond, bytesSentPerSecond, bytesReceivedPerSecond];
  const slowest = links.slowest === undefined ? [] : [links.slowest.roundTripMs, links.slowest.nodeId];
  return [count, ...rates, links.backlogBytes, links.reconnects, ...slowest];
}

export function unpackLinks(packed: PackedLinks): NodeLinks {
  const figure = (at: number): number => {
    const value = packed[at];
    return typeof value === 'number' ? value : 0;
  };
  const nodeId = packed[8];
  return {
    count: figure(0),
    messagesSentPerSecond: figure(1),
    messagesReceivedPerSecond: figure(2),
    bytesSentPerSecond: figure(3),
    bytesReceivedPerSecond: figure(4),
    backlogBytes: figure(5),
    reconnects: figure(6),
    ...(typeof nodeId === 'string' && { slowest: { nodeId, roundTripMs: figure(7) } }),
  };
}

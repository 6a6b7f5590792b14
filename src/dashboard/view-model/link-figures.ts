import type { NodeLinks } from '../../../streams/index.js';
import { formatBytes, formatCount, formatMs, formatRate } from './format.js';

/** From this size on, a backlog is marked as notable, bytes. Messages of one moment do not reach this size. */
const NOTABLE_BACKLOG_BYTES = 256 * 1024;

/** A figure of a node's links, as text. */
export interface LinkFigure {
  readonly label: string;
  readonly value: string;
  /** Whether the value hints at a problem: much data waits to be sent, or links were lost and reconnected. */
  readonly isNotable: boolean;
}

/**
 * The figures of a node's links, in the order in which they are shown.
 *
 * @param nameOf returns the short name of a node
 */
export function linkFigures(links: NodeLinks, nameOf: (nodeId: string) => string): readonly LinkFigure[] {
  const { slowest, backlogBytes, reconnects } = links;
  const flow = (messages: number, bytes: number): string => `${formatRate(messages)} msgs/s, ${formatBytes(bytes)}/s`;
  const plain = (label: string, value: string): LinkFigure => ({ label, value, isNotable: false });
  return [
    plain('links', formatCount(links.count)),
    ...(slowest === undefined
      ? []
      : [plain('slowest round trip', `${formatMs(slowest.roundTripMs)} to ${nameOf(slowest.nodeId)}`)]),
    { label: 'backlog', value: formatBytes(backlogBytes), isNotable: backlogBytes >= NOTABLE_BACKLOG_BYTES },
    { label: 'reconnects', value: formatCount(reconnects), isNotable: reconnects > 0 },
    plain('out', flow(links.messagesSentPerSecond, links.bytesSentPerSecond)),
    plain('in', flow(links.messagesReceivedPerSecond, links.bytesReceivedPerSecond)),
  ];
}

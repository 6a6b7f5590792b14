import type { NodeLinks } from '../../../streams/index.js';
import { formatBytes, formatCount, formatMs, formatRate } from './format.js';

/** The minimum size of a notable backlog, bytes. The backlog of normal traffic is smaller. */
const NOTABLE_BACKLOG_BYTES = 256 * 1024;

/** One figure about the links of a node, as text. */
export interface LinkFigure {
  readonly label: string;
  readonly value: string;
  /** Whether the value hints at a problem: much data waits to be sent, or links have reconnected. */
  readonly isNotable: boolean;
}

/**
 * Returns the figures about the links of a node, in display order.
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

import type { NodeLinks } from '../../../streams/index.js';
import { formatBytes, formatCount, formatMs, formatRate } from './format.js';

/** A backlog this large does not come from the messages of one moment, bytes. */
const NOTABLE_BACKLOG_BYTES = 256 * 1024;

/** A figure of a node's links, as text. */
export interface LinkFigure {
  readonly label: string;
  readonly value: string;
  /** A value that a reader should notice: much data is waiting, or links were lost. */
  readonly isNotable: boolean;
}

/**
 * The figures of a node's links, in the order in which they are shown.
 *
 * @param nameOf the short name of a node
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

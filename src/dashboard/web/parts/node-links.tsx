import { formatBytes, formatMs, formatRate } from '../../view-model/format.js';
import { visibleText } from '../../view-model/visible-text.js';
import { useDashboard } from '../model/dashboard-context.js';
import { useDetails } from '../model/fetch-details.js';

/** The maximum number of links in the table. */
const MAX_LISTED = 20;

/** The table of the links of a node with other nodes, sorted by round trip, the slowest link first. */
export function NodeLinks({ nodeId }: { readonly nodeId: string }) {
  const { nodeNames } = useDashboard();
  const details = useDetails(`links?node=${encodeURIComponent(nodeId)}`);
  if (details === undefined) return <p class="empty">Loading the links …</p>;
  if (details.links === undefined) return <p class="empty">{visibleText(details.problem ?? '')}</p>;
  const slowestFirst = details.links.toSorted((a, b) => (b.roundTripMs ?? 0) - (a.roundTripMs ?? 0));
  const omitted = slowestFirst.length - MAX_LISTED;
  return (
    <table class="links">
      <caption class="visually-hidden">Links of {nodeNames.value.get(nodeId) ?? nodeId}</caption>
      <thead>
        <tr>
          <th scope="col">Link with</th>
          <th scope="col">Round trip</th>
          <th scope="col">Out, msgs/s</th>
          <th scope="col">In, msgs/s</th>
          <th scope="col">Out</th>
          <th scope="col">In</th>
          <th scope="col">Backlog</th>
          <th scope="col">Reconnects</th>
        </tr>
      </thead>
      <tbody>
        {slowestFirst.slice(0, MAX_LISTED).map((link) => (
          <tr key={link.nodeId}>
            <th scope="row">{visibleText(nodeNames.value.get(link.nodeId) ?? link.nodeId)}</th>
            <td>{formatMs(link.roundTripMs ?? undefined)}</td>
            <td>{formatRate(link.messagesSentPerSecond)}</td>
            <td>{formatRate(link.messagesReceivedPerSecond)}</td>
            <td>{formatBytes(link.bytesSentPerSecond)}/s</td>
            <td>{formatBytes(link.bytesReceivedPerSecond)}/s</td>
            <td>{formatBytes(link.backlogBytes)}</td>
            <td>{link.reconnects}</td>
          </tr>
        ))}
      </tbody>
      {omitted > 0 && (
        <tfoot>
          <tr>
            <td colSpan={8}>{omitted} faster links are not listed</td>
          </tr>
        </tfoot>
      )}
    </table>
  );
}

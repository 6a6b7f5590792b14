import type { NodeLinks } from '../../../../streams/index.js';
import { formatAge, formatBytes, formatCount, formatMs, formatRate, formatShare } from '../../view-model/format.js';
import { seriesOf } from '../../view-model/history.js';
import { linkFigures } from '../../view-model/link-figures.js';
import type { NodeRow } from '../../view-model/rows.js';
import { visibleText } from '../../view-model/visible-text.js';
import { useDashboard } from '../model/dashboard-context.js';
import { Sparkline } from './sparkline.js';

/** The list of all nodes, including those that are not connected. Choosing a node limits all views to it. */
export function Nodes() {
  const { live, router } = useDashboard();
  const nodes = live.view.value?.nodes ?? [];
  const chosen = router.address.value.nodeId;
  const history = live.history.value;
  const rates = new Map(nodes.map(({ node: { nodeId } }) => [nodeId, seriesOf(history, nodeId, 'rate')]));
  // All sparklines share one scale: otherwise an idle node would look as busy as others.
  const top = [...rates.values()].flat().reduce<number>((most, rate) => Math.max(most, rate ?? 0), 1);
  return (
    <section class="nodes" aria-label="Nodes">
      <h2>Nodes</h2>
      <ul>
        {nodes.map(({ node }) => (
          <li key={node.nodeId}>
            <NodeCard node={node} isChosen={node.nodeId === chosen} rates={rates.get(node.nodeId) ?? []} top={top} />
          </li>
        ))}
      </ul>
    </section>
  );
}

interface NodeCardProps {
  readonly node: NodeRow;
  readonly isChosen: boolean;
  readonly rates: readonly (number | null)[];
  readonly top: number;
}

function NodeCard({ node, isChosen, rates, top }: NodeCardProps) {
  const { live, router, nodeNames, serverNow, serverMonotonic } = useDashboard();
  const { nodeId, status, vitals, memory, rate, error, heardAt, links } = node;
  const isLive = status === 'connected';
  const age = heardAt === undefined ? undefined : Math.max(0, serverMonotonic.value - heardAt);
  const choose = (): void => router.go({ nodeId: isChosen ? undefined : nodeId });
  return (
    <button
      type="button"
      class={`node is-${status}`}
      aria-pressed={isChosen}
      title={isChosen ? 'Show all nodes' : `Show only ${nodeId}`}
      onClick={choose}
    >
      <span class="node-name">
        <span class="mark" aria-hidden="true" />
        <b>{nodeNames.value.get(nodeId)}</b>
        <span class="node-status">{isLive ? '' : status}</span>
        <span class="node-age">
          {isLive ? formatAge(age) : age === undefined ? 'never heard' : `${formatAge(age)} ago`}
        </span>
      </span>
      <span class="node-id">{nodeId}</span>
      {error !== undefined && <span class="node-error">{visibleText(error)}</span>}
      <span class="node-figures">
        <Small name="msgs/s" value={formatRate(rate)} />
        <Small name="cpu" value={formatShare(vitals?.cpu)} />
        <Small name="loop p99" value={formatMs(vitals?.loopDelayP99)} />
        <Small name="heap" value={formatBytes(memory?.heapUsed)} />
        <Small name="rss" value={formatBytes(memory?.rss)} extra />
        <Small name="processes" value={formatCount(node.processCount)} extra />
        {!isChosen && <Small name="links" value={formatCount(links?.count)} extra />}
        {!isChosen && <Small name="round trip" value={formatMs(links?.slowest?.roundTripMs)} extra />}
      </span>
      {isLive && links !== undefined && <Links links={links} isWhole={isChosen} />}
      <Sparkline times={live.history.value.times} values={rates} now={serverNow.value} top={top} />
    </button>
  );
}

/** The figures of a node's links: all of them for the chosen node, otherwise only those that a reader should notice. */
function Links({ links, isWhole }: { readonly links: NodeLinks; readonly isWhole: boolean }) {
  const { nodeNames } = useDashboard();
  const figures = linkFigures(links, (id) => nodeNames.value.get(id) ?? id);
  const shown = figures.filter(({ isNotable }) => isWhole || isNotable);
  if (shown.length === 0) return null;
  return (
    <span class="node-links">
      {shown.map(({ label, value, isNotable }) => (
        <Small key={label} name={label} value={visibleText(value)} isNotable={isNotable} extra={!isNotable} />
      ))}
    </span>
  );
}

function Small({
  name,
  value,
  extra = false,
  isNotable = false,
}: {
  readonly name: string;
  readonly value: string;
  readonly extra?: boolean;
  readonly isNotable?: boolean;
}) {
  return (
    <span class={extra ? 'small is-extra' : 'small'}>
      <span class="small-name">{name}</span>{' '}
      <span class={isNotable ? 'small-value is-notable' : 'small-value'}>{value}</span>
    </span>
  );
}

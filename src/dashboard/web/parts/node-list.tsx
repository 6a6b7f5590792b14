import type { NodeLinks } from '../../../../streams/index.js';
import { seriesOf } from '../../view-model/chart-history.js';
import { formatAge, formatBytes, formatCount, formatMs, formatRate, formatShare } from '../../view-model/format.js';
import { linkFigures } from '../../view-model/link-figures.js';
import type { NodeRow } from '../../view-model/view-rows.js';
import { visibleText } from '../../view-model/visible-text.js';
import { useDashboard } from '../model/dashboard-context.js';
import { Sparkline } from './sparkline.js';

/**
 * The list of all nodes, including nodes that are not connected. A click on a node limits all views to that node. A
 * click on the selected node shows all nodes again.
 */
export function Nodes() {
  const { live, router } = useDashboard();
  const nodes = live.view.value?.nodes ?? [];
  const chosen = router.address.value.nodeId;
  const history = live.history.value;
  const rates = new Map(nodes.map(({ node: { nodeId } }) => [nodeId, seriesOf(history, nodeId, 'rate')]));
  // All sparklines have the same scale. With separate scales, an idle node would look as busy as other nodes.
  const maxRate = [...rates.values()].flat().reduce<number>((most, rate) => Math.max(most, rate ?? 0), 1);
  return (
    <section class="nodes" aria-label="Nodes">
      <h2>Nodes</h2>
      <ul>
        {nodes.map(({ node }) => (
          <li key={node.nodeId}>
            <NodeCard
              node={node}
              isSelected={node.nodeId === chosen}
              rates={rates.get(node.nodeId) ?? []}
              maxRate={maxRate}
            />
          </li>
        ))}
      </ul>
    </section>
  );
}

interface NodeCardProps {
  readonly node: NodeRow;
  readonly isSelected: boolean;
  readonly rates: readonly (number | null)[];
  readonly maxRate: number;
}

function NodeCard({ node, isSelected, rates, maxRate }: NodeCardProps) {
  const { live, router, nodeNames, serverNow, serverMonotonic } = useDashboard();
  const { nodeId, status, vitals, memory, rate, error, heardAt, links } = node;
  const isLive = status === 'connected';
  const age = heardAt === undefined ? undefined : Math.max(0, serverMonotonic.value - heardAt);
  const choose = (): void => router.go({ nodeId: isSelected ? undefined : nodeId });
  return (
    <button
      type="button"
      class={`node is-${status}`}
      aria-pressed={isSelected}
      title={isSelected ? 'Show all nodes' : `Show only ${nodeId}`}
      onClick={choose}
    >
      <span class="node-name">
        <span class="mark" aria-hidden="true" />
        <b>{nodeNames.value.get(nodeId)}</b>
        <span class="node-status">{isLive ? '' : status}</span>
        <span class="node-age">
          {isLive ? formatAge(age) : age === undefined ? 'no data yet' : `${formatAge(age)} ago`}
        </span>
      </span>
      <span class="node-id">{nodeId}</span>
      {error !== undefined && <span class="node-error">{visibleText(error)}</span>}
      <span class="node-figures">
        <NodeFigure name="msgs/s" value={formatRate(rate)} />
        <NodeFigure name="cpu" value={formatShare(vitals?.cpu)} />
        <NodeFigure name="loop p99" value={formatMs(vitals?.loopDelayP99)} />
        <NodeFigure name="heap" value={formatBytes(memory?.heapUsed)} />
        <NodeFigure name="rss" value={formatBytes(memory?.rss)} extra />
        <NodeFigure name="processes" value={formatCount(node.processCount)} extra />
        {!isSelected && <NodeFigure name="links" value={formatCount(links?.count)} extra />}
        {!isSelected && <NodeFigure name="round trip" value={formatMs(links?.slowest?.roundTripMs)} extra />}
      </span>
      {isLive && links !== undefined && <LinkFigures links={links} showsAll={isSelected} />}
      <Sparkline times={live.history.value.times} values={rates} now={serverNow.value} max={maxRate} />
    </button>
  );
}

/**
 * The figures about the links of a node. `showsAll` shows all figures. Otherwise, only the notable ones are shown.
 */
function LinkFigures({ links, showsAll: isWhole }: { readonly links: NodeLinks; readonly showsAll: boolean }) {
  const { nodeNames } = useDashboard();
  const figures = linkFigures(links, (id) => nodeNames.value.get(id) ?? id);
  const shown = figures.filter(({ isNotable }) => isWhole || isNotable);
  if (shown.length === 0) return null;
  return (
    <span class="node-links">
      {shown.map(({ label, value, isNotable }) => (
        <NodeFigure key={label} name={label} value={visibleText(value)} isNotable={isNotable} extra={!isNotable} />
      ))}
    </span>
  );
}

function NodeFigure({
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
    <span class={extra ? 'node-figure is-extra' : 'node-figure'}>
      <span class="node-figure-name">{name}</span>{' '}
      <span class={isNotable ? 'node-figure-value is-notable' : 'node-figure-value'}>{value}</span>
    </span>
  );
}

import { formatCount, formatMs, formatRate } from '../../view-model/format.js';
import { labelOf } from '../../view-model/process-table.js';
import type { TreeLine } from '../../view-model/tree-lines.js';
import { visibleText } from '../../view-model/visible-text.js';
import { useDashboard } from '../model/dashboard-context.js';
import { counted, isZeroOrUnknown } from '../model/process-columns.js';
import { Icon } from './icon.js';

interface TreeRowProps {
  readonly line: TreeLine;
  readonly index: number;
  readonly top: number;
  readonly isActive: boolean;
  open(): void;
  fold(): void;
}

export function TreeRow({ line, index, top, isActive, open, fold }: TreeRowProps) {
  const { router, live } = useDashboard();
  const nodeId = line.type === 'node' ? line.node.nodeId : line.row.nodeId;
  const status = live.view.value?.nodes.find(({ node }) => node.nodeId === nodeId)?.node.status;
  const isStale = status !== 'connected';
  return (
    // The line has no key handler: the tree handles the keys for all its lines.
    <div
      id={`line-${index}`}
      class={`row is-${line.type} ${isActive ? 'is-active' : ''} ${isStale ? 'is-stale' : ''}`}
      role="treeitem"
      aria-level={line.depth + 1}
      aria-setsize={line.siblings}
      aria-posinset={line.position}
      aria-expanded={line.children > 0 ? !line.isCollapsed : undefined}
      aria-selected={line.key === router.address.value.process}
      style={{ transform: `translateY(${top}px)` }}
      onClick={open}
    >
      <span class="guides" style={{ width: `${line.depth}rem` }} />
      <span
        class={`twisty ${line.children === 0 ? 'is-leaf' : ''} ${line.isCollapsed ? '' : 'is-open'}`}
        aria-hidden="true"
        onClick={(event) => {
          if (line.children === 0) return;
          event.stopPropagation();
          fold();
        }}
      >
        {line.children > 0 && <Icon name="open" />}
      </span>
      {line.type === 'node' ? <NodeLine line={line} /> : <ProcessLine line={line} />}
    </div>
  );
}

function NodeLine({ line: { node } }: { readonly line: TreeLine & { readonly type: 'node' } }) {
  const { nodeNames } = useDashboard();
  return (
    <>
      <span class={`mark is-${node.status}`} aria-hidden="true" />
      <span class="label">{nodeNames.value.get(node.nodeId)}</span>
      <span class="id">{node.nodeId}</span>
      {node.status !== 'connected' && <span class="tag is-bad">{node.status}</span>}
      <Figures>
        <Value text={node.processCount === 1 ? '1 process' : `${formatCount(node.processCount)} processes`} />
        <Value text={countOrEmpty(node.queueSize, ' queued')} />
        <Value text={`${formatRate(node.rate)} /s`} />
      </Figures>
    </>
  );
}

function ProcessLine({ line: { row } }: { readonly line: TreeLine & { readonly type: 'process' } }) {
  return (
    <>
      <Icon name={row.kind} />
      <span class="label">{labelOf(row)}</span>
      {row.name !== undefined && <span class="id">{visibleText(row.id)}</span>}
      {row.strategy !== undefined && <span class="tag">{row.strategy}</span>}
      {row.status !== 'running' && <span class="tag is-bad">{row.status}</span>}
      {row.kind === 'supervisor' ? (
        <Figures>
          <Value text={row.childCount === 1 ? '1 child' : `${formatCount(row.childCount)} children`} />
          <Value text={row.totalRestarts === 0 ? '' : counted(row.totalRestarts ?? 0, 'restart')} isLoud />
        </Figures>
      ) : (
        <Figures>
          <Value text={row.handleP99 === undefined ? '' : `p99 ${formatMs(row.handleP99)}`} />
          <Value text={countOrEmpty(row.queueSize, ' queued')} />
          <Value text={`${formatRate(row.rate)} /s`} isQuiet={isZeroOrUnknown(formatRate(row.rate))} />
        </Figures>
      )}
    </>
  );
}

/**
 * Returns the count with its unit. For zero, returns an empty text, because many zeros would distract from the other
 * counts.
 */
function countOrEmpty(count: number | undefined, what: string): string {
  return count === undefined || count === 0 ? '' : `${formatCount(count)}${what}`;
}

function Figures({ children }: { readonly children: preact.ComponentChildren }) {
  return <span class="tree-figures">{children}</span>;
}

interface ValueProps {
  readonly text: string;
  readonly isQuiet?: boolean;
  readonly isLoud?: boolean;
}

function Value({ text, isQuiet: quiet = false, isLoud = false }: ValueProps) {
  return <span class={`value ${quiet ? 'quiet' : ''} ${isLoud ? 'loud' : ''}`}>{text}</span>;
}

import { useEffect, useRef } from 'preact/hooks';
import { formatCount, formatMs, formatRate, formatTime, formatUptime, UNKNOWN } from '../../view-model/format.js';
import { linesAbout, successorOf } from '../../view-model/log-lines.js';
import { relativesOf } from '../../view-model/process-relatives.js';
import { labelOf } from '../../view-model/process-table.js';
import { countsOf, keyOf, type NodeRow, type ProcessRow } from '../../view-model/view-rows.js';
import { visibleText } from '../../view-model/visible-text.js';
import { useDashboard } from '../model/dashboard-context.js';
import { namesOf } from '../model/node-names.js';
import { counted } from '../model/process-columns.js';
import { uptimeOf } from '../model/process-uptime.js';
import { Icon } from './icon.js';
import { LogItem } from './log-item.js';
import { ProcessLink } from './process-link.js';
import { RegistrationsOf } from './registrations.js';

const MAX_CHILDREN = 50;
const MAX_LINES = 30;

/** The details of one process: its figures, its supervisor and children, and its last log entries. */
export function Detail({ processKey }: { readonly processKey: string }) {
  const { live, router } = useDashboard();
  const { row, node, isGone } = useProcess(processKey);
  const close = (): void => router.go({ process: undefined });
  const heading = useRef<HTMLHeadingElement>(null);
  useEffect(() => {
    const before = document.activeElement;
    heading.current?.focus();
    return () => {
      if (before instanceof HTMLElement && before.isConnected) before.focus();
    };
  }, []);

  const [nodeId = '', id = ''] = processKey.split(' ', 2);
  const lines = linesAbout(live.log.value, nodeId, id).slice(-MAX_LINES);
  return (
    <aside class="detail" aria-labelledby="detail-title">
      <header>
        <div class="detail-title">
          <Icon name={row?.kind ?? 'genserver'} />
          <h2 id="detail-title" ref={heading} tabIndex={-1}>
            {row === undefined ? visibleText(id) : labelOf(row)}
          </h2>
        </div>
        <button type="button" class="tool" onClick={close} title="Close (Esc)">
          <Icon name="close" />
          <span class="visually-hidden">Close the details</span>
        </button>
      </header>
      <div class="detail-body">
        <p class="detail-place">
          <span class="id">{visibleText(id)}</span> on <span class="id">{visibleText(nodeId)}</span>
        </p>
        {isGone && <GoneNote nodeId={nodeId} id={id} isKnown={row !== undefined} />}
        {node !== undefined && node.status !== 'connected' && (
          <p class="remark">The node is not connected ({node.status}). These are the last figures.</p>
        )}
        {row !== undefined && <FiguresOf row={row} node={node} isGone={isGone} />}
        {row?.registrations !== undefined && <RegistrationsOf registrations={row.registrations} node={node} />}
        {row !== undefined && <Relatives row={row} />}
        <h3>Log</h3>
        {lines.length === 0 ? (
          <p class="empty">No entries about this process.</p>
        ) : (
          <ol class="log">
            {lines.toReversed().map((line) => (
              <LogItem key={line.number} line={line} isShort />
            ))}
          </ol>
        )}
      </div>
    </aside>
  );
}

interface ProcessState {
  /**
   * The current row of the process or, if the process is gone, its last row. `undefined`: the page has never received a
   * row.
   */
  readonly row: ProcessRow | undefined;
  readonly node: NodeRow | undefined;
  readonly isGone: boolean;
}

function useProcess(key: string): ProcessState {
  const { live } = useDashboard();
  const last = useRef<ProcessRow | undefined>(undefined);
  const [nodeId] = key.split(' ', 1);
  const found = live.view.value?.nodes.find(({ node }) => node.nodeId === nodeId);
  const row = found?.processes.find((each) => each.key === key);
  last.current = row ?? last.current;
  return {
    row: last.current,
    node: found?.node,
    isGone: row === undefined && live.view.value !== undefined,
  };
}

interface GoneNoteProps {
  readonly nodeId: string;
  readonly id: string;
  readonly isKnown: boolean;
}

/** The note that the process is gone, with a link to the process that replaced it, if any. */
function GoneNote({ nodeId, id, isKnown }: GoneNoteProps) {
  const successor = successorOf(useDashboard().live.log.value, nodeId, id);
  return (
    <p class="remark is-bad">
      This process is gone.{isKnown ? ' These are its last figures.' : ''}
      {successor !== undefined && (
        <>
          {' It was restarted as '}
          <ProcessLink processKey={keyOf(nodeId, successor)}>{visibleText(successor)}</ProcessLink>.
        </>
      )}
    </p>
  );
}

interface FiguresProps {
  readonly row: ProcessRow;
  readonly node: NodeRow | undefined;
  readonly isGone: boolean;
}

function FiguresOf({ row, node, isGone }: FiguresProps) {
  const viewedAt = useDashboard().live.view.value?.monotonic ?? 0;
  const isRunning = !isGone && node?.status === 'connected';
  const uptime = isRunning ? formatUptime(uptimeOf(row, node, viewedAt)) : UNKNOWN;
  const figures: readonly (readonly [name: string, value: string])[] =
    row.kind === 'supervisor'
      ? [
          ['Strategy', row.strategy ?? UNKNOWN],
          ['Children', formatCount(row.childCount)],
          ['Restarts', formatCount(row.totalRestarts)],
        ]
      : [
          ['Messages/s', isRunning ? formatRate(row.rate) : UNKNOWN],
          ['Queue', formatCount(row.queueSize)],
          ['Messages', formatCount(row.messageCount)],
          ['p99 wait', formatMs(row.waitP99)],
          ['p99 handle', formatMs(row.handleP99)],
          ...countsOf(row),
        ];
  const always = [
    ['Status', isGone ? 'gone' : row.status],
    ['Uptime', uptime],
    ['Started', formatTime(row.startedAt - (node?.clockAheadMs ?? 0))],
  ] as const;
  const place = [
    ...(row.childId === undefined ? [] : [['Child id', row.childId] as const]),
    ...(row.distributedSupervisor === undefined
      ? []
      : [['Distributed supervisor', row.distributedSupervisor] as const]),
  ];
  return (
    <dl class={`detail-figures ${isRunning ? '' : 'is-stale'}`}>
      {[...figures, ...always, ...place].map(([name, value]) => (
        <div key={name}>
          <dt>{name}</dt>
          <dd>{value}</dd>
        </div>
      ))}
    </dl>
  );
}

function Relatives({ row }: { readonly row: ProcessRow }) {
  const { live } = useDashboard();
  const { supervisors, children } = relativesOf(row, live.view.value?.nodes ?? []);
  const more = children.length - MAX_CHILDREN;
  return (
    <>
      <h3>Supervisor</h3>
      {supervisors.length === 0 ? <p class="empty">None.</p> : <ProcessList rows={supervisors} nodeId={row.nodeId} />}
      {row.kind === 'supervisor' && (
        <>
          <h3>Children</h3>
          {children.length === 0 ? (
            <p class="empty">None.</p>
          ) : (
            <ProcessList rows={children.slice(0, MAX_CHILDREN)} nodeId={row.nodeId} />
          )}
          {more > 0 && <p class="empty">and {formatCount(more)} more. The tree shows all of them.</p>}
        </>
      )}
    </>
  );
}

/** @param nodeId the node of the shown process. The list names the nodes of processes on other nodes. */
function ProcessList({ rows, nodeId }: { readonly rows: readonly ProcessRow[]; readonly nodeId: string }) {
  const { live } = useDashboard();
  const nodeNames = namesOf(live.view.value?.nodes.map(({ node }) => node.nodeId) ?? []);
  return (
    <ul class="process-list">
      {rows.map((row) => (
        <li key={row.key}>
          <ProcessLink processKey={row.key}>
            <Icon name={row.kind} />
            <span class="label">{labelOf(row)}</span>
            <span class="id">{row.name === undefined ? '' : visibleText(row.id)}</span>
            {row.nodeId !== nodeId && <span class="id">on {nodeNames.get(row.nodeId) ?? row.nodeId}</span>}
            <span class="value">
              {row.kind === 'supervisor' ? counted(row.totalRestarts ?? 0, 'restart') : `${formatRate(row.rate)} /s`}
            </span>
          </ProcessLink>
        </li>
      ))}
    </ul>
  );
}

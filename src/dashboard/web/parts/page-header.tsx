import type { ClusterView } from '../../view-model/cluster-view.js';
import { formatAge, formatCount, formatRate, UNKNOWN } from '../../view-model/format.js';
import { visibleText } from '../../view-model/visible-text.js';
import { useDashboard } from '../model/dashboard-context.js';
import { type Freshness, freshness } from '../model/freshness.js';
import { Icon } from './icon.js';

/** The header of the page: the figures of the cluster, and how current they are. */
export function PageHeader() {
  const { summary, themes, isHelpOpen, live } = useDashboard();
  const { nodes, connected, processes, rate, queue, restarts } = summary.value ?? {};
  const theme = themes.theme.value;
  return (
    <header class="head">
      <h1 class="brand" title={live.version.value === '' ? 'noex' : `noex ${live.version.value}`}>
        <Icon name="logo" />
        noex
      </h1>
      <dl class="figures" aria-label="Cluster">
        <Figure name="Nodes" isBad={connected !== nodes}>
          {connected ?? UNKNOWN}
          <small>{` / ${nodes ?? UNKNOWN}`}</small>
          {connected !== nodes && (
            <>
              {' '}
              <small class="not-connected">{notConnectedText(live.view.value)}</small>
            </>
          )}
        </Figure>
        <Figure name="Processes">{formatCount(processes)}</Figure>
        <Figure name="Messages/s">{formatRate(rate)}</Figure>
        <Figure name="Queue">{formatCount(queue)}</Figure>
        <Figure name="Restarts">{formatCount(restarts)}</Figure>
      </dl>
      <DataAge />
      <div class="tools">
        <button type="button" class="tool" onClick={themes.toggle} title={`Theme: ${theme} (t)`}>
          <Icon name={theme === 'dark' ? 'light' : 'dark'} />
          <span class="visually-hidden">{theme === 'dark' ? 'Light theme' : 'Dark theme'}</span>
        </button>
        <button
          type="button"
          class="tool"
          title="Keys (?)"
          onClick={() => {
            isHelpOpen.value = true;
          }}
        >
          <Icon name="help" />
          <span class="visually-hidden">Keys</span>
        </button>
      </div>
    </header>
  );
}

/** Returns the number of nodes for each status other than `connected`, as text: `2 timeout, 1 disconnected`. */
function notConnectedText(view: ClusterView | undefined): string {
  const counts = new Map<string, number>();
  for (const { node } of view?.nodes ?? []) {
    if (node.status !== 'connected') counts.set(node.status, (counts.get(node.status) ?? 0) + 1);
  }
  return [...counts].map(([status, count]) => `${count} ${status}`).join(', ');
}

interface FigureProps {
  readonly name: string;
  readonly isBad?: boolean;
  readonly children: preact.ComponentChildren;
}

function Figure({ name, isBad = false, children }: FigureProps) {
  return (
    <div class={`figure ${isBad ? 'is-bad' : ''}`}>
      <dt>{name}</dt>
      <dd>{children}</dd>
    </div>
  );
}

function DataAge() {
  const { live, now, summary } = useDashboard();
  const state = freshness(
    live.connection.value,
    live.problem.value,
    live.view.value,
    summary.value,
    live.receivedAt.value,
    now.value,
  );
  return (
    <p class={`freshness is-${state.kind}`}>
      {/* The key creates a new element for each view, so that the animation of the mark restarts when data arrives. */}
      <span class="mark" key={live.receivedAt.value} aria-hidden="true" />
      {state.kind === 'live' && 'live'}
      {state.kind === 'starting' && 'connecting …'}
      {state.kind === 'old' && `data is ${formatAge(state.age)} old`}
      {state.kind === 'no-data' && (
        <>
          {state.age !== undefined && `data is ${formatAge(state.age)} old · `}
          {visibleText(state.problem)}
        </>
      )}
      {state.kind === 'lost' && (
        <>
          {state.age !== undefined && `data is ${formatAge(state.age)} old · `}
          {state.retryIn === 0 ? 'reconnecting' : `reconnecting in ${state.retryIn} s`}
          {state.reason !== undefined && (
            <>
              {' · '}
              {visibleText(state.reason)}
              <button type="button" class="reload" onClick={() => location.reload()}>
                Reload
              </button>
            </>
          )}
        </>
      )}
      {/* The text for screen readers changes only with the kind. The visible text changes too often: every second. */}
      <span class="visually-hidden" role="status">
        {ANNOUNCEMENTS[state.kind]}
      </span>
    </p>
  );
}

const ANNOUNCEMENTS: Record<Freshness['kind'], string> = {
  starting: '',
  live: ', connected',
  old: ', no new data from the cluster',
  'no-data': ', no new data from the cluster',
  lost: ', connection to the dashboard server lost',
};

import { computed, type ReadonlySignal, type Signal, signal } from '@preact/signals';
import { createContext } from 'preact';
import { useContext } from 'preact/hooks';
import { type ClusterView, type Summary, summaryOf } from '../../view-model/cluster-view.js';
import type { ProcessRow } from '../../view-model/rows.js';
import { tableOf } from '../../view-model/table.js';
import { branchesOf, type TreeLine, treeOf } from '../../view-model/tree.js';
import { createLive, type Live } from './live-data.js';
import { namesOf } from './node-names.js';
import { createRouter, type Router } from './router.js';
import { createThemes, type Themes } from './theme.js';
import { filterIn } from './url-state.js';

/** What the page is made of. What is derived is computed when something shows it. */
export interface Dashboard {
  readonly live: Live;
  readonly router: Router;
  readonly themes: Themes;
  /** Ticks every second, ms of the browser's monotonic clock. */
  readonly now: ReadonlySignal<number>;
  /** The same moment on the clocks of the server, which are the ones that views and histories speak of. */
  readonly serverNow: ReadonlySignal<number>;
  readonly serverMonotonic: ReadonlySignal<number>;
  readonly summary: ReadonlySignal<Summary | undefined>;
  readonly table: ReadonlySignal<readonly ProcessRow[]>;
  readonly tree: ReadonlySignal<readonly TreeLine[]>;
  /** The keys of the lines of the tree below which nothing is shown. */
  readonly collapsed: Signal<ReadonlySet<string>>;
  /** What nodes are called where there is little room, by id. */
  readonly nodeNames: ReadonlySignal<ReadonlyMap<string, string>>;
  /** The number of the newest line of the log that is shown; absent: all are, and new ones as they come. */
  readonly pausedAt: Signal<number | undefined>;
  pauseOrGoOn(): void;
  readonly isHelpOpen: Signal<boolean>;
}

const emptyView: ClusterView = { timestamp: 0, monotonic: 0, nodes: [] };

export function createDashboard(window: Window, feed: URL): Dashboard {
  const live = createLive(feed);
  const router = createRouter(window);
  const now = signal(performance.now());
  const isShown = signal(!window.document.hidden);
  window.setInterval(() => {
    now.value = performance.now();
  }, 1000);
  window.document.addEventListener('visibilitychange', () => {
    now.value = performance.now();
    isShown.value = !window.document.hidden;
  });

  // A hidden page sorts nothing.
  let lastShown = emptyView;
  const shown = computed(() => {
    if (isShown.value) lastShown = live.view.value ?? emptyView;
    return lastShown;
  });
  const filter = computed(() => filterIn(router.address.value));
  // As one text, which is equal while the nodes are the same: then the names are not computed again.
  const nodeIds = computed(() => live.view.value?.nodes.map(({ node }) => node.nodeId).join(' ') ?? '');
  const collapsed = signal<ReadonlySet<string>>(new Set());
  const pausedAt = signal<number | undefined>(undefined);
  const sinceView = computed(() =>
    live.view.value === undefined ? 0 : Math.max(0, now.value - live.receivedAt.value),
  );
  return {
    live,
    router,
    themes: createThemes(window),
    now,
    serverNow: computed(() => (live.view.value?.timestamp ?? Date.now()) + sinceView.value),
    serverMonotonic: computed(() => (live.view.value?.monotonic ?? 0) + sinceView.value),
    summary: computed(() => live.view.value && summaryOf(live.view.value)),
    table: computed(() => tableOf(shown.value, filter.value, router.address.value.sorting)),
    tree: computed(() => treeOf(branchesOf(shown.value, filter.value), collapsed.value)),
    collapsed,
    nodeNames: computed(() => namesOf(nodeIds.value.split(' ').filter(Boolean))),
    pausedAt,
    pauseOrGoOn: () => {
      pausedAt.value = pausedAt.value === undefined ? (live.log.value.at(-1)?.number ?? 0) : undefined;
    },
    isHelpOpen: signal(false),
  };
}

const DashboardContext = createContext<Dashboard | undefined>(undefined);

export const DashboardProvider = DashboardContext.Provider;

export function useDashboard(): Dashboard {
  const dashboard = useContext(DashboardContext);
  if (dashboard === undefined) throw new Error('There is no dashboard around this part of the page.');
  return dashboard;
}

import { computed, type ReadonlySignal, type Signal, signal } from '@preact/signals';
import { createContext } from 'preact';
import { useContext } from 'preact/hooks';
import { type ClusterView, type Summary, summaryOf } from '../../view-model/cluster-view.js';
import type { Log } from '../../view-model/log-lines.js';
import { type NamesTable, namesTableOf } from '../../view-model/names.js';
import { tableOf } from '../../view-model/process-table.js';
import { filterTree, type TreeLine, treeOf } from '../../view-model/tree-lines.js';
import type { ProcessRow } from '../../view-model/view-rows.js';
import { createLiveData, type LiveData } from './live-data.js';
import { namesOf } from './node-names.js';
import { createRouter, type Router } from './router.js';
import { createThemes, type Themes } from './theme.js';
import { filterIn } from './url-state.js';

/** The state and the actions of the page. Derived signals are computed only while a component reads them. */
export interface Dashboard {
  readonly live: LiveData;
  readonly router: Router;
  readonly themes: Themes;
  /** The current time, ms of the monotonic clock of the browser. Updated every second. */
  readonly now: ReadonlySignal<number>;
  /**
   * The current time, ms since the epoch on the server's wall clock. The times in views and histories are on the same
   * clock.
   */
  readonly serverNow: ReadonlySignal<number>;
  /** The current time, ms of the server's monotonic clock. */
  readonly serverMonotonic: ReadonlySignal<number>;
  readonly summary: ReadonlySignal<Summary | undefined>;
  readonly table: ReadonlySignal<readonly ProcessRow[]>;
  readonly tree: ReadonlySignal<readonly TreeLine[]>;
  readonly names: ReadonlySignal<NamesTable>;
  /** The keys of the collapsed lines of the tree. */
  readonly collapsed: Signal<ReadonlySet<string>>;
  /** The short labels of nodes, by node id. */
  readonly nodeNames: ReadonlySignal<ReadonlyMap<string, string>>;
  /**
   * The log at the time when the user paused it. New entries do not change this log. `undefined`: the log is not
   * paused.
   */
  readonly pausedLog: Signal<Log | undefined>;
  /** Pauses the log, or resumes it. */
  toggleLogPause(): void;
  readonly isHelpOpen: Signal<boolean>;
}

const emptyView: ClusterView = { timestamp: 0, monotonic: 0, nodes: [] };

export function createDashboard(window: Window, feed: URL): Dashboard {
  const live = createLiveData(feed);
  const router = createRouter(window);
  const now = signal(performance.now());
  const isPageVisible = signal(!window.document.hidden);
  window.setInterval(() => {
    now.value = performance.now();
  }, 1000);
  window.document.addEventListener('visibilitychange', () => {
    now.value = performance.now();
    isPageVisible.value = !window.document.hidden;
  });

  // While the page is hidden, `visibleView` does not change, so that the table, the tree and the names are not
  // recomputed.
  let lastVisible = emptyView;
  const visibleView = computed(() => {
    if (isPageVisible.value) lastVisible = live.view.value ?? emptyView;
    return lastVisible;
  });
  const filter = computed(() => filterIn(router.address.value));
  // The ids are joined into one string, because signals compare strings by value. So the names are recomputed only when
  // the ids change.
  const nodeIds = computed(() => live.view.value?.nodes.map(({ node }) => node.nodeId).join(' ') ?? '');
  const collapsed = signal<ReadonlySet<string>>(new Set());
  const pausedLog = signal<Log | undefined>(undefined);
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
    table: computed(() => tableOf(visibleView.value, filter.value, router.address.value.sorting)),
    tree: computed(() => treeOf(filterTree(visibleView.value, filter.value), collapsed.value)),
    names: computed(() => namesTableOf(visibleView.value, filter.value)),
    collapsed,
    nodeNames: computed(() => namesOf(nodeIds.value.split(' ').filter(Boolean))),
    pausedLog,
    toggleLogPause: () => {
      pausedLog.value = pausedLog.value === undefined ? live.log.value : undefined;
    },
    isHelpOpen: signal(false),
  };
}

const DashboardContext = createContext<Dashboard | undefined>(undefined);

export const DashboardProvider = DashboardContext.Provider;

export function useDashboard(): Dashboard {
  const dashboard = useContext(DashboardContext);
  if (dashboard === undefined) throw new Error('useDashboard() must be called below a DashboardProvider.');
  return dashboard;
}

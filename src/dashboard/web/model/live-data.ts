import { batch, type ReadonlySignal, signal } from '@preact/signals';
import { addToHistory, emptyHistory, type History } from '../../view-model/chart-history.js';
import type { ClusterView } from '../../view-model/cluster-view.js';
import { type FeedMessage, withViewChanges } from '../../view-model/feed-protocol.js';
import { type Log, MAX_ENTRIES } from '../../view-model/log-lines.js';
import { connect } from './connection.js';
import type { ConnectionState } from './connection-state.js';

/** The data that the server of the dashboard has sent, and the state of the connection. Each value is immutable. */
export interface LiveData {
  /** The newest view. It is kept when the connection is lost. `undefined`: no view has arrived yet. */
  readonly view: ReadonlySignal<ClusterView | undefined>;
  readonly history: ReadonlySignal<History>;
  readonly log: ReadonlySignal<Log>;
  readonly connection: ReadonlySignal<ConnectionState>;
  /** When the newest view arrived, ms of the monotonic clock of the browser. */
  readonly receivedAt: ReadonlySignal<number>;
  /** Why the server receives no data of the cluster. `undefined`: no problem is known. */
  readonly problem: ReadonlySignal<string | undefined>;
  /** The version of noex that the server runs. Empty until the first connection. */
  readonly version: ReadonlySignal<string>;
}

const emptyView: ClusterView = { timestamp: 0, monotonic: 0, nodes: [] };

export function createLiveData(url: URL): LiveData {
  const view = signal<ClusterView | undefined>(undefined);
  const history = signal(emptyHistory);
  const log = signal<Log>([]);
  const connection = signal<ConnectionState>({ status: 'connecting' });
  const receivedAt = signal(0);
  const problem = signal<string | undefined>(undefined);
  const version = signal('');
  let latest = emptyView;

  const receive = (message: FeedMessage): void => {
    switch (message.type) {
      case 'welcome':
        // The next view message contains the changes to an empty view. Until it arrives, the old view stays visible.
        latest = emptyView;
        problem.value = undefined;
        version.value = message.version;
        break;
      case 'history':
        history.value = message.history;
        break;
      case 'view':
        latest = withViewChanges(latest, message);
        view.value = latest;
        receivedAt.value = performance.now();
        history.value = addToHistory(history.value, latest);
        break;
      case 'log':
        log.value = message.isWhole ? message.log : [...log.value, ...message.log].slice(-MAX_ENTRIES);
        break;
      case 'status':
        problem.value = message.problem ?? undefined;
        break;
    }
  };
  connect(url, {
    changed: (next) => {
      connection.value = next;
    },
    received: (message) => batch(() => receive(message)),
  });
  return { view, history, log, connection, receivedAt, problem, version };
}

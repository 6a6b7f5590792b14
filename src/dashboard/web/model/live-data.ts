import { batch, type ReadonlySignal, signal } from '@preact/signals';
import type { ClusterView } from '../../view-model/cluster-view.js';
import { type FeedMessage, withViewChanges } from '../../view-model/feed-protocol.js';
import { addToHistory, emptyHistory, type History } from '../../view-model/history.js';
import { type Log, MAX_ENTRIES } from '../../view-model/log.js';
import { connect } from './connection.js';
import type { Link } from './connection-state.js';

/** All data that the server of the dashboard has sent so far. Each value is immutable. */
export interface Live {
  /** The newest view. `undefined`: none has arrived yet. The view is kept when the connection is lost. */
  readonly view: ReadonlySignal<ClusterView | undefined>;
  readonly history: ReadonlySignal<History>;
  readonly log: ReadonlySignal<Log>;
  readonly link: ReadonlySignal<Link>;
  /** When the view arrived, ms of the browser's monotonic clock. */
  readonly receivedAt: ReadonlySignal<number>;
  /** Why the server receives no data of the cluster. `undefined`: it receives data. */
  readonly problem: ReadonlySignal<string | undefined>;
  /** The version of noex that the server runs. */
  readonly version: ReadonlySignal<string>;
}

const nothing: ClusterView = { timestamp: 0, monotonic: 0, nodes: [] };

export function createLive(url: URL): Live {
  const view = signal<ClusterView | undefined>(undefined);
  const history = signal(emptyHistory);
  const log = signal<Log>([]);
  const link = signal<Link>({ status: 'connecting' });
  const receivedAt = signal(0);
  const problem = signal<string | undefined>(undefined);
  const version = signal('');
  let base = nothing;

  const receive = (message: FeedMessage): void => {
    switch (message.type) {
      case 'welcome':
        // The next views contain everything, so they are applied to an empty one. The old view stays visible until then.
        base = nothing;
        problem.value = undefined;
        version.value = message.version;
        break;
      case 'history':
        history.value = message.history;
        break;
      case 'view':
        base = withViewChanges(base, message);
        view.value = base;
        receivedAt.value = performance.now();
        history.value = addToHistory(history.value, base);
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
      link.value = next;
    },
    received: (message) => batch(() => receive(message)),
  });
  return { view, history, log, link, receivedAt, problem, version };
}

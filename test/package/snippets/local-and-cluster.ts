import { Observer } from 'noex';
import { ClusterObserver } from 'noex/distribution';

// Local snapshot - synchronous, returns only local processes
const localSnapshot = Observer.getSnapshot();

// Cluster snapshot - asynchronous, aggregates from all nodes
const clusterSnapshot = await ClusterObserver.getClusterSnapshot();

export { clusterSnapshot, localSnapshot };

import { ClusterObserver } from 'noex/distribution';

const snapshot = await ClusterObserver.getClusterSnapshot();

for (const node of snapshot.nodes) {
  switch (node.status) {
    case 'connected':
      // Process node.snapshot
      break;
    case 'timeout':
      console.warn(`Node ${node.nodeId} timed out`);
      break;
    case 'error':
      console.error(`Node ${node.nodeId} error: ${node.error}`);
      break;
  }
}

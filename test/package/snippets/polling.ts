import { ClusterObserver } from 'noex/distribution';

const stopPolling = ClusterObserver.startPolling(5000, (event) => {
  if (event.type === 'cluster_snapshot_update') {
    // Handle cluster-wide update
    console.log(`Total processes: ${event.snapshot.aggregated.totalProcessCount}`);
  }
});

// Later: stop polling
stopPolling();

import type { ObserverSnapshot } from 'noex';

/** The local statistics, as lines of text. */
export function localReport(nodeId: string, snapshot: ObserverSnapshot): string {
  return [
    `Local Statistics (${nodeId}):`,
    `  Processes: ${snapshot.processCount}`,
    `  Servers: ${snapshot.servers.length}`,
    `  Supervisors: ${snapshot.supervisors.length}`,
    `  Messages: ${snapshot.totalMessages}`,
    `  Restarts: ${snapshot.totalRestarts}`,
    `  Memory: ${megabytes(snapshot.memoryStats.heapUsed)}`,
    '',
  ].join('\n');
}

function megabytes(bytes: number): string {
  return `${(bytes / 1024 / 1024).toFixed(2)} MB`;
}

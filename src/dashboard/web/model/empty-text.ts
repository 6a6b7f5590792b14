/**
 * Returns the text that the table and the tree show when they have no rows.
 *
 * @param total number of processes in the cluster. `undefined`: no view has arrived
 */
export function emptyText(total: number | undefined): string {
  if (total === undefined) return 'Waiting for the cluster …';
  return total === 0 ? 'No process is running.' : 'No process passes the filter.';
}

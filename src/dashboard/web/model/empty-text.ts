/**
 * What a view of processes says where it has none to show.
 *
 * @param total how many processes there are. `undefined`: no view has arrived
 */
export function emptyText(total: number | undefined): string {
  if (total === undefined) return 'Waiting for the cluster …';
  return total === 0 ? 'No process is running.' : 'No process passes the filter.';
}

import { clusterSnapshot } from '../../streams/merge-nodes.js';
import type { ClusterObserverSnapshot } from '../../streams/snapshot.js';
import type { ClusterObserverPorts } from './cluster-observer-api.js';
import { type ClusterPresence, withLocalState } from './cluster-presence.js';
import { CONNECTED, type LinkStatus, linkStatusAfter } from './link-status.js';
import { type NodeReplicas, timeBudget } from './node-replicas.js';
import { byId } from './observed-members.js';
import { REPORT } from './protocol.js';

/** The status of a node that was linked only after the requests were sent. */
const LINKED_TOO_LATE: LinkStatus = { link: 'timeout', error: 'it was linked too late to be asked' };

interface PolledCluster<Id extends string> {
  readonly ports: ClusterObserverPorts<Id>;
  readonly replicas: NodeReplicas<Id>;
  readonly presence: ClusterPresence<Id>;
}

/**
 * Asks every connected node for a report, and resolves with the snapshot of the cluster. Nodes that have not answered
 * within `timeoutMs` have the status `timeout`.
 */
export async function pollCluster<Id extends string>(
  { ports, replicas, presence }: PolledCluster<Id>,
  timeoutMs: number,
): Promise<ClusterObserverSnapshot<Id>> {
  const asked = ports.members();
  const answers = new Map<Id, LinkStatus>();
  await Promise.all(
    asked.map(async ({ id, status }) => {
      if (status !== 'connected') {
        answers.set(id, LINKED_TOO_LATE);
        return;
      }
      try {
        await replicas.ask(
          id,
          REPORT,
          timeBudget(timeoutMs, () => ports.monotonic()),
        );
      } catch (thrown) {
        answers.set(id, linkStatusAfter(thrown));
      }
    }),
  );
  // The members are read again, because links may have changed during the requests. A node that joined during the
  // requests is left out, because it was not asked.
  const present = ports.members().filter(({ id }) => asked.some((other) => other.id === id));
  const others = byId(present).map((member) => presence.presenceOf(member, answers.get(member.id) ?? CONNECTED));
  return clusterSnapshot(withLocalState(replicas.states, presence.localState()), presence.presenceWith(others));
}

import type { NodeInfo } from './cluster-api.js';
import { deliverInOrder } from './deliver-in-order.js';
import { Listeners } from './event-listeners.js';
import type { MembershipChange, NodeDownReason } from './membership.js';
import type { NodeId } from './node-id.js';

/**
 * Creates the listeners of the membership. `announce` passes a change to them, after all changes announced before.
 *
 * @param isStopping whether this node stops. If so, `nodeDown` is not emitted
 */
export function createMembershipListeners(onError: (error: Error) => void, isStopping: () => boolean) {
  const nodeUp = new Listeners<[NodeInfo]>(onError);
  const nodeDown = new Listeners<[NodeId, NodeDownReason]>(onError);
  const membershipChange = new Listeners<[MembershipChange]>(onError);
  const peerGone = new Listeners<[NodeId]>(onError);
  const announce = deliverInOrder(({ change, info }: { change: MembershipChange; info: NodeInfo | undefined }) => {
    // `peerGone` comes first: its listeners end what the peer subscribed to over the old link. Other listeners may then
    // use the new link.
    if (change.type === 'relinked' || change.type === 'unlinked') peerGone.emit(change.id);
    membershipChange.emit(change);
    if (change.type === 'up' && info !== undefined) nodeUp.emit(info);
    if (change.type === 'down') peerGone.emit(change.id);
    if (change.type === 'down' && !isStopping()) nodeDown.emit(change.id, change.reason);
  });
  return { announce, membershipChange, nodeDown, nodeUp, peerGone };
}

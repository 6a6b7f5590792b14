/** Another node of the cluster, with its incarnation and its status in the membership. */
export interface ObservedMember<Id extends string> {
  readonly id: Id;
  readonly incarnation: number;
  readonly status: 'connecting' | 'connected' | 'disconnected';
}

/** A change of the membership, or of the link with another node. `MembershipChange` explains the types. */
export type ObservedChange<Id extends string> =
  | { readonly type: 'learned' | 'up' | 'unlinked' | 'relinked' | 'left' | 'forgotten'; readonly id: Id }
  | { readonly type: 'down'; readonly id: Id; readonly reason: string };

/** Returns the members in order of node id. */
export function byId<Id extends string>(members: readonly ObservedMember<Id>[]): readonly ObservedMember<Id>[] {
  return members.toSorted((a, b) => (a.id < b.id ? -1 : 1));
}

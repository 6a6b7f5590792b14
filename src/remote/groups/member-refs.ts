import type { ProcessRef } from '../../process/process-refs.js';
import type { GroupMember } from './group-members.js';

export function refOf({ processId, life }: GroupMember): ProcessRef {
  return Object.freeze({ id: processId, life });
}

/** Returns the refs of the members, each as often as the process has joined. */
export function refsOf<Ref extends ProcessRef>(members: readonly GroupMember[]): readonly Ref[] {
  // A group does not determine the type of its refs: the caller states it with the type parameter.
  return members.flatMap((member) => new Array<Ref>(member.joins).fill(refOf(member) as Ref));
}

export function areSameRefs(a: readonly ProcessRef[], b: readonly ProcessRef[]): boolean {
  return a.length === b.length && a.every(({ id, life }, at) => b[at]?.id === id && b[at].life === life);
}

export function keyOf({ processId, life }: GroupMember): string {
  return `${life}/${processId}`;
}

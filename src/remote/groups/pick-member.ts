/** The order in which `ProcessGroups.call` tries the members of a group. See `pick` of GroupCallOptions. */
export type PickPolicy = 'local_first' | 'round_robin' | 'random' | 'least_queue';

export const PICKS: readonly unknown[] = ['local_first', 'round_robin', 'random', 'least_queue'] satisfies PickPolicy[];

/** The inputs of a choice, in addition to the members. */
export interface PickState {
  /** The number of earlier calls of this node to the group. */
  readonly turn: number;
  /** A random number from 0 to below 1. */
  random(): number;
}

/** A member that a call may choose. */
export interface Candidate {
  readonly isLocal: boolean;
  /** The number of group calls from this node that the member has not answered yet. */
  readonly unanswered: number;
}

/** Sorts the members into the order in which a call tries them. */
export function inPickOrder<Member extends Candidate>(
  members: readonly Member[],
  pick: PickPolicy,
  { turn, random }: PickState,
): readonly Member[] {
  switch (pick) {
    case 'round_robin':
      return rotated(members, turn);
    case 'random':
      return rotated(members, Math.floor(random() * members.length));
    case 'local_first':
      return [
        ...rotated(
          members.filter(({ isLocal }) => isLocal),
          turn,
        ),
        ...rotated(
          members.filter(({ isLocal }) => !isLocal),
          turn,
        ),
      ];
    case 'least_queue':
      // Rotated before sorting, so that members with equally many unanswered calls take turns.
      return [...rotated(members, turn)].sort((a, b) => a.unanswered - b.unanswered);
  }
}

function rotated<Member>(members: readonly Member[], by: number): readonly Member[] {
  const at = members.length === 0 ? 0 : by % members.length;
  return [...members.slice(at), ...members.slice(0, at)];
}

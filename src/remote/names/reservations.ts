import type { Claim } from './claim.js';

interface Reservation {
  readonly nodeId: string;
  readonly claim: Claim;
  /** When the reservation ends, ms of the monotonic clock. */
  readonly until: number;
}

/** The claims of nodes whose channel has ended. Until a reservation ends, its node may still count on this node. */
export class Reservations {
  /** By name, then by life. */
  readonly #byName = new Map<string, Map<string, Reservation>>();

  add(nodeId: string, claim: Claim, until: number): void {
    const { name, stamp } = claim;
    const reserved = this.#byName.get(name) ?? new Map<string, Reservation>();
    reserved.set(stamp.life, { nodeId, claim, until });
    this.#byName.set(name, reserved);
  }

  of(name: string): readonly Reservation[] {
    return [...(this.#byName.get(name)?.values() ?? [])];
  }

  /** Whether the name is reserved for a life other than `life`. */
  isForOther(name: string, life: string): boolean {
    const reserved = this.#byName.get(name);
    return reserved !== undefined && [...reserved.keys()].some((other) => other !== life);
  }

  /** Drops the reservations of a life. Returns their names. */
  dropOf(life: string): readonly string[] {
    return this.#drop(({ claim }) => claim.stamp.life === life);
  }

  /** Drops the reservations that end at `now` or earlier. Returns their names. */
  expire(now: number): readonly string[] {
    return this.#drop(({ until }) => until <= now);
  }

  /** When the next reservation ends, ms of the monotonic clock; Infinity if there is none. */
  get nextEnd(): number {
    let next = Number.POSITIVE_INFINITY;
    for (const reserved of this.#byName.values())
      for (const { until } of reserved.values()) next = Math.min(next, until);
    return next;
  }

  #drop(isOver: (reservation: Reservation) => boolean): readonly string[] {
    const names: string[] = [];
    for (const [name, reserved] of this.#byName) {
      const over = [...reserved].filter(([, reservation]) => isOver(reservation));
      for (const [life] of over) reserved.delete(life);
      if (reserved.size === 0) this.#byName.delete(name);
      if (over.length > 0) names.push(name);
    }
    return names;
  }
}

/** A global name that a process owns. */
export interface OwnedName {
  readonly name: string;
  /** Since when the process owns the name, ms since the epoch on the clock of its node. */
  readonly since: number;
}

/** The global names and the groups of one process, each list in the order in which its entries were added. */
export interface Registrations {
  readonly globalNames: readonly OwnedName[];
  /** The groups of which the process is a member, each once. */
  readonly groups: readonly string[];
  /**
   * The number of further global names and groups of the process, which are not listed to limit memory and the size of
   * reports. Absent: all are listed.
   */
  readonly omitted?: number;
}

/** At most this many global names, and this many groups, are listed for one process. */
export const MAX_LISTED = 100;

/** The registrations of a process, with the version of the model in which they last changed. Immutable. */
export class VersionedRegistrations implements Registrations {
  readonly globalNames: readonly OwnedName[];
  readonly groups: readonly string[];
  declare readonly omitted?: number;
  /** A private field, because an enumerable property would become part of the data of the row. */
  readonly #version: number;

  constructor({ globalNames, groups, omitted = 0 }: Registrations, version: number) {
    this.globalNames = Object.freeze(globalNames);
    this.groups = Object.freeze(groups);
    if (omitted > 0) this.omitted = omitted;
    this.#version = version;
    Object.freeze(this);
  }

  get version(): number {
    return this.#version;
  }
}

const emptyRegistrations: Registrations = { globalNames: [], groups: [] };

/** A change of the registrations of one process. */
export type RegistrationChange =
  | { readonly type: 'global_name_registered'; readonly name: string; readonly at: number }
  | { readonly type: 'global_name_unregistered'; readonly name: string }
  | { readonly type: 'group_joined' | 'group_left'; readonly group: string };

/** Returns the registrations after a change. Returns `undefined` if the change does not fit and changes nothing. */
export function registrationsAfter(
  before: Registrations | undefined,
  change: RegistrationChange,
): Registrations | undefined {
  const held = before ?? emptyRegistrations;
  const { globalNames, groups } = held;
  switch (change.type) {
    case 'global_name_registered': {
      const { name, at: since } = change;
      if (globalNames.some((owned) => owned.name === name)) return undefined;
      if (globalNames.length >= MAX_LISTED) return withOmitted(held, 1);
      return { ...held, globalNames: [...globalNames, Object.freeze({ name, since })] };
    }
    case 'global_name_unregistered': {
      const left = globalNames.filter((owned) => owned.name !== change.name);
      return left.length < globalNames.length ? { ...held, globalNames: left } : withOmitted(held, -1);
    }
    case 'group_joined':
      if (groups.includes(change.group)) return undefined;
      return groups.length >= MAX_LISTED ? withOmitted(held, 1) : { ...held, groups: [...groups, change.group] };
    case 'group_left': {
      const left = groups.filter((group) => group !== change.group);
      return left.length < groups.length ? { ...held, groups: left } : withOmitted(held, -1);
    }
  }
}

function withOmitted(held: Registrations, by: number): Registrations | undefined {
  const omitted = (held.omitted ?? 0) + by;
  return omitted < 0 ? undefined : { ...held, omitted };
}

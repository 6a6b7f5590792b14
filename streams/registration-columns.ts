import { type OwnedName, type Registrations, VersionedRegistrations } from './registrations.js';
import { MAX_PROCESS_NAME } from './row-encoding.js';
import type { GenServerStats, SupervisorStats } from './snapshot.js';

/**
 * The registrations of several processes, with one array for each column. Each text is sent once and referred to by its
 * position in `texts`, because thousands of processes may be members of one group.
 */
export interface RegistrationColumns {
  readonly texts: readonly string[];
  /** The process ids. */
  readonly id: readonly string[];
  /** For each global name of the process: the position of the name in `texts`, then `since`. */
  readonly globalNames: readonly (readonly number[])[];
  /** For each group of the process: the position of the group in `texts`. */
  readonly groups: readonly (readonly number[])[];
  /** For each process: the number of its further global names and groups, which are left out. */
  readonly omitted: readonly number[];
}

/** The maximum number of texts in one report. Further names are omitted. */
export const MAX_TEXTS = 4000;
/** The maximum total length of the texts in one report, in characters. Further names are omitted. */
const MAX_TEXTS_CHARS = 100_000;

type Row = GenServerStats | SupervisorStats;

/**
 * Converts the registrations of rows to columns. Returns `undefined` if there are none to send.
 *
 * @param since the version that the reader holds: registrations that have not changed since then are left out. Absent:
 * all registrations are included.
 */
export function registrationColumns(rows: readonly Row[], since = -1): RegistrationColumns | undefined {
  const texts = new Texts();
  const [id, globalNames, groups, omitted]: [string[], number[][], number[][], number[]] = [[], [], [], []];
  for (const row of rows) {
    const { registrations } = row;
    if (registrations === undefined || versionOf(registrations) <= since) continue;
    const sentNames = registrations.globalNames.flatMap(({ name, since }) => {
      const at = texts.add(name);
      return at === undefined ? [] : [at, Math.round(since)];
    });
    const sentGroups = registrations.groups.flatMap((group) => texts.add(group) ?? []);
    const unsentNames = registrations.globalNames.length - sentNames.length / 2;
    id.push(row.id);
    globalNames.push(sentNames);
    groups.push(sentGroups);
    omitted.push((registrations.omitted ?? 0) + unsentNames + registrations.groups.length - sentGroups.length);
  }
  return id.length === 0 ? undefined : { texts: texts.all, id, globalNames, groups, omitted };
}

/**
 * Converts columns to the registrations of each process, by process id.
 *
 * @param version the version of the report that the columns came with
 */
export function registrationsIn(
  columns: RegistrationColumns | undefined,
  version: number,
): ReadonlyMap<string, Registrations> {
  if (columns === undefined) return NONE;
  const { texts, id, globalNames, groups, omitted } = columns;
  return new Map(
    id.map((processId, row) => {
      const registrations = {
        globalNames: ownedNames(globalNames[row] ?? [], texts),
        groups: (groups[row] ?? []).flatMap((at) => texts[at] ?? []),
        omitted: omitted[row] ?? 0,
      };
      return [processId, new VersionedRegistrations(registrations, version)] as const;
    }),
  );
}

const NONE: ReadonlyMap<string, Registrations> = new Map();

function ownedNames(packed: readonly number[], texts: readonly string[]): readonly OwnedName[] {
  const names: OwnedName[] = [];
  for (let at = 0; at + 1 < packed.length; at += 2) {
    const name = texts[packed[at] ?? -1];
    if (name !== undefined) names.push(Object.freeze({ name, since: packed[at + 1] ?? 0 }));
  }
  return names;
}

function versionOf(registrations: Registrations): number {
  return registrations instanceof VersionedRegistrations ? registrations.version : 0;
}

/** Collects the texts of one report, each once, up to the limits. */
class Texts {
  readonly all: string[] = [];
  readonly #positions = new Map<string, number>();
  #chars = 0;

  /** Adds a text, cut to the maximum length, and returns its position. Returns `undefined` if the text does not fit. */
  add(text: string): number | undefined {
    const sent = text.slice(0, MAX_PROCESS_NAME);
    const known = this.#positions.get(sent);
    if (known !== undefined) return known;
    if (this.all.length >= MAX_TEXTS || this.#chars + sent.length > MAX_TEXTS_CHARS) return undefined;
    this.#chars += sent.length;
    this.#positions.set(sent, this.all.length);
    this.all.push(sent);
    return this.all.length - 1;
  }
}

import type { ProcessLocation } from '../../streams/events.js';

/** The maximum number of child ids in a path, counted from the process upwards. */
const MAX_PATH = 32;

interface Placed {
  readonly id: string;
  readonly parent: Placed | undefined;
  /** The child id in the spec of the supervisor; `undefined` without a supervisor. */
  readonly childId: string | undefined;
}

/** Returns the position of a process in the supervision tree, as plain data for an event. */
export function locationOf(process: Placed, nameOf: (id: string) => string | undefined): ProcessLocation {
  const name = nameOf(process.id);
  const named = name === undefined ? {} : { name };
  const { parent, childId } = process;
  if (parent === undefined || childId === undefined) return named;
  const supervisorName = nameOf(parent.id);
  return {
    ...named,
    supervisorId: parent.id,
    ...(supervisorName !== undefined && { supervisorName }),
    childId,
    path: pathTo(process, nameOf),
  };
}

function pathTo(process: Placed, nameOf: (id: string) => string | undefined): readonly string[] {
  const path: string[] = [];
  let at = process;
  while (at.parent !== undefined && path.length < MAX_PATH) {
    path.push(at.childId ?? at.id);
    at = at.parent;
  }
  path.push(nameOf(at.id) ?? at.id);
  return path.reverse();
}

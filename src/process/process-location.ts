import type { ProcessLocation } from '../../streams/events.js';
import type { GenServerOptions } from './gen-server-options.js';

/** The maximum number of child ids in a path, counted from the process upwards. */
const MAX_PATH = 32;

/** Identifies a process that runs on this node as the child of a distributed supervisor. */
export interface HostedPlace {
  /** The name of the supervisor. For a supervisor without a name, the process id of its leader. */
  readonly supervisor: string;
  readonly childId: string;
  /** How often the child was restarted before. */
  readonly restarts: number;
}

/** What a process has to do with a distributed supervisor: it is a child, or an instance of the supervisor. */
export type DistributedRole = { readonly hosted: HostedPlace } | { readonly distributedSupervisor: string };

/** The texts that identify a process to people. */
export type ProcessTexts = Pick<GenServerOptions, 'name' | 'label'>;

interface Placed {
  readonly id: string;
  readonly parent: Placed | undefined;
  /** The id in the child spec; `undefined` before a supervisor has adopted the process. */
  readonly childId: string | undefined;
}

/** Returns the position of a process in the supervision tree, as plain data for an event. */
export function locationOf(
  process: Placed,
  nameOf: (id: string) => string | undefined,
  role: DistributedRole | undefined,
): ProcessLocation {
  const name = nameOf(process.id);
  const named = name === undefined ? {} : { name };
  const { parent, childId } = process;
  if (role !== undefined && 'hosted' in role) {
    return { ...named, distributedSupervisor: role.hosted.supervisor, childId: role.hosted.childId };
  }
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

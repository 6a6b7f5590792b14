import {
  ChildNotFoundError,
  ChildRestartingError,
  DuplicateChildError,
  NoLeaderError,
  NoSuitableNodeError,
  RemoteError,
} from '../errors.js';
import type { ProcessRef } from '../process/process-refs.js';
import type { Leader } from './leader.js';
import type { ChildRequest, PlacedChild } from './placed-children.js';
import type { ChildLocation, SentChildSpec } from './supervision-protocol.js';
import type { SupervisorInstance } from './supervisor-instance.js';

/** A request about one child, as an instance sends it to the leader. */
export type ChildRequestBody =
  | { readonly type: 'start_child'; readonly childId: string; readonly spec: SentChildSpec }
  | { readonly type: 'terminate_child' | 'restart_child'; readonly childId: string };

/**
 * Performs a request at an instance of this runtime, which must lead. Resolves with the ref of the started child; with
 * `undefined` for `terminate_child`, when the child has stopped.
 *
 * Rejects with NoLeaderError if the instance does not lead. Rejects with DuplicateChildError, ChildNotFoundError or
 * ChildRestartingError, or with the error of a failed start.
 */
export async function performRequest(
  supervisor: string,
  instance: SupervisorInstance | undefined,
  body: ChildRequestBody,
): Promise<ProcessRef | undefined> {
  const leader = instance?.leader;
  if (instance === undefined || leader === undefined) throw new NoLeaderError(supervisor);
  const { id } = instance.process;
  const { childId } = body;
  const child = leader.children.get(childId);
  // A child that started now would keep the leader from ending.
  if (leader.isEnding && body.type !== 'terminate_child') throw new NoLeaderError(supervisor);
  if (body.type === 'start_child') {
    if (child !== undefined && (child.isWanted || child.state.type !== 'down')) {
      throw new DuplicateChildError(id, childId);
    }
    return ask(instance, (request) => leader.startChild(childId, body.spec, request));
  }
  if (child === undefined) throw new ChildNotFoundError(id, childId);
  if (body.type === 'terminate_child') return ask(instance, (request) => leader.terminateChild(child, request));
  if (isRestarting(child)) throw new ChildRestartingError(id, childId);
  return ask(instance, (request) => leader.restartChild(child, request));
}

const REQUEST_ERRORS = [DuplicateChildError, ChildNotFoundError, ChildRestartingError, NoSuitableNodeError];

/**
 * Converts the error of a request that the leader on another node has rejected. A RemoteError with the code of
 * NoLeaderError or of one of `REQUEST_ERRORS` becomes an error of that class. Returns other errors unchanged, such as
 * an error of `init`.
 *
 * @param thrown the error as this node received it
 * @param supervisorId the process id of the instance that sent the request
 */
export function requestError(thrown: unknown, supervisor: string, supervisorId: string, childId: string): unknown {
  if (!(thrown instanceof RemoteError)) return thrown;
  const known = [
    new NoLeaderError(supervisor),
    ...REQUEST_ERRORS.map((RequestError) => new RequestError(supervisorId, childId, { cause: thrown })),
  ];
  return known.find(({ code }) => code === thrown.remoteCode) ?? thrown;
}

function isRestarting({ isWanted, mustStop, state }: PlacedChild): boolean {
  return isWanted && (mustStop || state.type !== 'running');
}

async function ask(
  instance: SupervisorInstance,
  act: (request: ChildRequest) => ReturnType<Leader['startChild']>,
): Promise<ProcessRef | undefined> {
  const at = await new Promise<ChildLocation | undefined>((resolve, reject) => {
    instance.change(() => act({ resolve, reject }));
  });
  return at && Object.freeze({ id: at.processId, life: at.life });
}

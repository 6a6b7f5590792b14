import type { GenServerRef, SupervisorRef } from '../../src/process/process-refs.js';
import type { ChildOptions, ChildSpec } from '../../src/supervisor/child-spec.js';
import { boom, reasonText } from './servers.js';
import type { TestRuntime } from './test-runtime.js';

export type WorkerRef = GenServerRef<null, 'ping', 'boom', 'pong'>;

/** Makes children that write down when they start and why they stop, and finds them again. */
export interface SupervisorFixture {
  readonly log: string[];
  /** A worker; crashes on request. */
  worker(id: string, options?: ChildOptions): ChildSpec;
  /** What has been written down since the last time. */
  newEntries(): readonly string[];
}

export function createSupervisorFixture({ GenServer }: TestRuntime): SupervisorFixture {
  const log: string[] = [];
  return {
    log,
    worker: (id, options = {}) => ({
      id,
      ...options,
      start: () =>
        GenServer.start<null, 'ping', 'boom', 'pong'>({
          init() {
            log.push(`+${id}`);
            return null;
          },
          handleCall: () => ['pong', null],
          handleCast() {
            throw boom;
          },
          terminate(reason) {
            log.push(`-${id} ${reasonText(reason)}`);
          },
        }),
    }),
    newEntries: () => log.splice(0),
  };
}

/** The process that is now in the place of a child. */
export function childOf({ Supervisor }: TestRuntime, supervisor: SupervisorRef, id: string): WorkerRef {
  const ref = Supervisor.getChild(supervisor, id)?.ref;
  if (ref === undefined) throw new Error(`no child '${id}' is running`);
  return { id: ref.id, life: ref.life };
}

/** The ids of the children that run, in order. */
export function alive({ Supervisor }: TestRuntime, supervisor: SupervisorRef): readonly string[] {
  return Supervisor.getChildren(supervisor)
    .filter(({ ref }) => ref !== undefined)
    .map(({ id }) => id);
}

import type { ProcessKind } from '../../streams/events.js';
import type { ClusterEngine } from '../cluster/engine.js';
import type { Supervision } from '../distributed-supervisor/supervision.js';
import { createGenServer, type GenServerApi } from '../process/gen-server.js';
import { Messenger } from '../process/messenger.js';
import { Monitors } from '../process/monitors.js';
import { lifecycleEvent } from '../process/to-lifecycle-event.js';
import { createRegistry } from '../registry/registry.js';
import { BehaviorRegistry } from '../remote/behavior-registry.js';
import { groupsFacade } from '../remote/groups/process-groups.js';
import type { RemoteMessaging } from '../remote/remote-processes.js';
import { createSupervisor } from '../supervisor/supervisor.js';
import { createTask } from '../supervisor/task.js';
import { checkFunction } from '../validate.js';
import { connectProcesses } from './connect-remote-processes.js';
import { connectSupervision } from './connect-supervision.js';
import { createRemotePorts } from './create-remote-ports.js';
import type { RuntimeCore } from './runtime-core.js';
import type { Runtime } from './runtime-options.js';

type ProcessFacades = Pick<
  Runtime,
  | 'GenServer'
  | 'Supervisor'
  | 'Task'
  | 'Registry'
  | 'GlobalRegistry'
  | 'ProcessGroups'
  | 'BehaviorRegistry'
  | 'DistributedSupervisor'
>;

interface ProcessParts {
  readonly facades: ProcessFacades;
  /**
   * Hands the children of distributed supervisors over to other nodes. Must be called before this node leaves its
   * cluster. Resolves when the children on this node have ended.
   */
  handOver(): Promise<void>;
}

/** Makes the facades for processes of this runtime and of linked nodes, such as `GenServer` and `Supervisor`. */
export function createProcessFacades(core: RuntimeCore, clustering: ClusterEngine): ProcessParts {
  const { clock, deadlines, emit, names, onError, processes, scheduler } = core;
  const behaviors = new BehaviorRegistry();
  const ports = createRemotePorts(core, clustering, behaviors, () => messaging.globalNames);
  const messaging: RemoteMessaging = connectProcesses(
    core,
    clustering,
    ports,
    (): Messenger => messenger,
    (): Supervision => supervision,
  );
  const { processes: remote, globalRegistry, groups } = messaging;
  const { supervision, facade: DistributedSupervisor } = connectSupervision(core, clustering, ports, messaging);
  const messenger = new Messenger({ processes, scheduler, deadlines, remote, clock });
  const GenServer = createGenServer({
    processes,
    messenger,
    monitors: new Monitors({ processes, remote }),
    remote,
    localNode: () => clustering.membership.local()?.id,
    onLifecycleEvent: lifecycleEvents(core, 'genserver'),
  });
  const Supervisor = createSupervisor({
    processes,
    clock,
    emit,
    onError,
    onLifecycleEvent: lifecycleEvents(core, 'supervisor'),
  });
  const facades: ProcessFacades = {
    GenServer,
    Supervisor,
    Task: createTask({ GenServer, Supervisor }),
    Registry: createRegistry({ names, processes, emit }),
    GlobalRegistry: globalRegistry,
    ProcessGroups: groupsFacade(groups),
    BehaviorRegistry: behaviors,
    DistributedSupervisor,
  };
  return { facades, handOver: () => supervision.leave() };
}

function lifecycleEvents({ bus, processes }: RuntimeCore, kind: ProcessKind): GenServerApi['onLifecycleEvent'] {
  return (handler) => {
    checkFunction('handler', handler);
    return bus.subscribe((event) => {
      const lifecycle = lifecycleEvent(event, kind, (id) => processes.refOf(id));
      return lifecycle === undefined ? undefined : handler(lifecycle);
    });
  };
}

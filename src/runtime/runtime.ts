import type { ProcessKind } from '../../streams/events.js';
import { createCluster } from '../cluster/cluster.js';
import type { ClusterApi } from '../cluster/cluster-api.js';
import { mesh } from '../cluster/mesh/mesh.js';
import { createWsTransport } from '../cluster/transport/ws-transport.js';
import { ObserverDisabledError, RuntimeShutdownError } from '../errors.js';
import type { ObserverApi } from '../observer/observer.js';
import { createGenServer, type GenServerApi } from '../process/gen-server.js';
import { lifecycleEvent } from '../process/lifecycle-event.js';
import { Messenger } from '../process/messenger.js';
import { Monitors } from '../process/monitors.js';
import { createRegistry } from '../registry/registry.js';
import { BehaviorRegistry } from '../remote/behavior-registry.js';
import { createSupervisor } from '../supervisor/supervisor.js';
import { checkFunction, checkTimeout } from '../validate.js';
import { observeCluster } from './observe-cluster.js';
import { observeNode } from './observe-node.js';
import { connectProcesses } from './remote.js';
import { createRuntimeCore, type RuntimeCore } from './runtime-core.js';
import { type Runtime, type RuntimeOptions, readRuntimeOptions } from './runtime-options.js';
import { hurry, shutDown } from './shutdown.js';
import { Vitals } from './vitals.js';

/**
 * Creates a runtime: its processes, names, bus, observer and cluster node share nothing with any other runtime.
 *
 * @example
 * const { GenServer, Observer, shutdown } = createRuntime();
 */
export function createRuntime(options: RuntimeOptions = {}): Runtime {
  const settings = readRuntimeOptions(options);
  const core = createRuntimeCore(settings, () => clustering.membership.local()?.id);
  const { clock, context, deadlines, emit, flusher, life, names, onError, processes, scheduler } = core;
  const vitals = new Vitals();
  const local = settings.isObserved ? observeNode(core, vitals) : undefined;
  const clustering = createCluster({
    clock,
    life,
    startNode: mesh({ transport: settings.transport ?? createWsTransport() }),
    processCount: () => processes.size,
    onError,
  });
  const { cluster } = clustering;
  const behaviors = new BehaviorRegistry();
  const remote = connectProcesses(core, clustering, behaviors);
  const messenger = new Messenger({ processes, scheduler, deadlines, remote, clock });
  const monitors = new Monitors({ processes, remote });

  let shuttingDown: Promise<void> | undefined;
  const start: ClusterApi['start'] = async (config) => {
    if (shuttingDown !== undefined) throw new RuntimeShutdownError();
    await cluster.start(config);
  };
  const shutdown: Runtime['shutdown'] = async ({ timeout = 10_000 } = {}) => {
    checkTimeout('timeout', timeout);
    const ending = { processes, clock, timeoutMs: timeout };
    const underWay = shuttingDown;
    if (underWay !== undefined) {
      await context.run(() => hurry(ending, underWay));
      return;
    }
    shuttingDown = context.run(() =>
      shutDown({ ...ending, leave: () => cluster.stop(), onError }).finally(() => {
        flusher.flushNow();
        vitals.stop();
        local?.endPolls();
        core.reporting.flush();
      }),
    );
    await shuttingDown;
  };

  return {
    GenServer: createGenServer({
      processes,
      messenger,
      monitors,
      remote,
      behaviors,
      localNode: () => clustering.membership.local()?.id,
      onLifecycleEvent: lifecycleEvents(core, 'genserver'),
    }),
    Supervisor: createSupervisor({
      processes,
      clock,
      emit,
      onError,
      onLifecycleEvent: lifecycleEvents(core, 'supervisor'),
    }),
    BehaviorRegistry: behaviors,
    Registry: createRegistry({ names, processes, emit }),
    Observer: local === undefined ? disabledObserver() : context.bind(local.observer),
    Cluster: context.bind({ ...cluster, start }),
    ClusterObserver: context.bind(observeCluster(core, local, clustering)),
    shutdown,
  };
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

/** The Observer of a runtime without observing: it can be passed around, and throws when it is used. */
function disabledObserver(): ObserverApi {
  return new Proxy({} as ObserverApi, {
    get: () => {
      throw new ObserverDisabledError();
    },
  });
}

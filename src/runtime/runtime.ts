import { createCluster } from '../cluster/cluster.js';
import type { ClusterApi } from '../cluster/cluster-api.js';
import { mesh } from '../cluster/mesh/start-mesh.js';
import { createWsTransport } from '../cluster/transport/ws-transport.js';
import { ObserverDisabledError, RuntimeShutdownError } from '../errors.js';
import type { ObserverApi } from '../observer/observer.js';
import { checkTimeout } from '../validate.js';
import { Vitals } from './node-vitals.js';
import { observeCluster } from './observe-cluster.js';
import { observeNode } from './observe-node.js';
import { createProcessFacades } from './process-facades.js';
import { createRuntimeCore } from './runtime-core.js';
import { type Runtime, type RuntimeOptions, readRuntimeOptions } from './runtime-options.js';
import { shortenShutdown, shutDown } from './shutdown.js';

/**
 * Creates a runtime with its own processes, names, event bus, observer and cluster node. A runtime shares nothing with
 * other runtimes.
 *
 * @throws InvalidArgumentError, UnknownOptionError
 *
 * @example
 * const { GenServer, Observer, shutdown } = createRuntime();
 */
export function createRuntime(options: RuntimeOptions = {}): Runtime {
  const settings = readRuntimeOptions(options);
  const core = createRuntimeCore(settings, () => clustering.membership.local()?.id);
  const { clock, context, flusher, life, onError, processes } = core;
  const vitals = new Vitals();
  const local = settings.isObserved ? observeNode(core, vitals, () => clustering.links()) : undefined;
  const clustering = createCluster({
    clock,
    life,
    startNode: mesh({ transport: settings.transport ?? createWsTransport() }),
    processCount: () => processes.size,
    onError,
  });
  const { cluster } = clustering;
  const { facades, handOver } = createProcessFacades(core, clustering);

  let shuttingDown: Promise<void> | undefined;
  const start: ClusterApi['start'] = async (config) => {
    if (shuttingDown !== undefined) throw new RuntimeShutdownError();
    await cluster.start(config);
  };
  const stop: ClusterApi['stop'] = async () => {
    if (cluster.getStatus() === 'running') await handOver();
    await cluster.stop();
  };
  const shutdown: Runtime['shutdown'] = async ({ timeout = 10_000 } = {}) => {
    checkTimeout('timeout', timeout);
    const ending = { processes, clock, timeoutMs: timeout };
    const underWay = shuttingDown;
    if (underWay !== undefined) {
      await context.run(() => shortenShutdown(ending, underWay));
      return;
    }
    shuttingDown = context.run(() =>
      shutDown({ ...ending, leave: () => handOver().then(() => cluster.stop()), onError }).finally(() => {
        flusher.flushNow();
        vitals.stop();
        local?.endPolls();
        core.reporting.flush();
      }),
    );
    await shuttingDown;
  };

  return {
    ...facades,
    Observer: local === undefined ? disabledObserver() : context.bind(local.observer),
    Cluster: context.bind({ ...cluster, start, stop }),
    ClusterObserver: context.bind(observeCluster(core, local, clustering)),
    shutdown,
  };
}

/**
 * The Observer of a runtime with `observer: false`. It can be passed around, but each use throws ObserverDisabledError.
 */
function disabledObserver(): ObserverApi {
  return new Proxy({} as ObserverApi, {
    get: () => {
      throw new ObserverDisabledError();
    },
  });
}

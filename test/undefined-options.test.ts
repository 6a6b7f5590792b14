import { expect, test } from 'vitest';
import type { ClusterConfig } from '../src/cluster/cluster-config.js';
import { readClusterConfig } from '../src/cluster/read-cluster-config.js';
import { readTls } from '../src/cluster/tls-config.js';
import type { TlsSettings } from '../src/cluster/transport/transport.js';
import {
  checkHandlerOptions,
  checkServerOptions,
  type DashboardHandlerOptions,
  type DashboardOptions,
} from '../src/dashboard/server/dashboard-options.js';
import { NodeUnreachableError } from '../src/errors.js';
import type { ClusterSnapshotOptions } from '../src/observer/cluster-observer-api.js';
import type { StopOptions } from '../src/process/gen-server.js';
import type { GenServerOptions } from '../src/process/gen-server-options.js';
import type { CallOptions } from '../src/process/gen-server-types.js';
import { type AttachOptions, attach } from '../src/runtime/attach.js';
import { createRuntime } from '../src/runtime/runtime.js';
import type { RuntimeOptions, ShutdownOptions } from '../src/runtime/runtime-options.js';
import type { ChildOptions, SupervisorOptions } from '../src/supervisor/child-spec.js';
import { ObservedCluster } from './helpers/observed-cluster.js';
import { counter } from './helpers/servers.js';
import { createTestRuntime } from './helpers/test-runtime.js';

type OptionalField<Options> = {
  [Field in keyof Options]-?: object extends Pick<Options, Field> ? Field : never;
}[keyof Options];

/** Every option there is that may be left out, as `undefined`: an option that is missing here does not compile. */
type AllUndefined<Options> = Readonly<Record<OptionalField<Options>, undefined>>;

const childOptions: AllUndefined<ChildOptions> = {
  restart: undefined,
  shutdownTimeout: undefined,
  significant: undefined,
};

const clusterConfig: AllUndefined<ClusterConfig> = {
  engine: undefined,
  host: undefined,
  listen: undefined,
  port: undefined,
  seeds: undefined,
  advertise: undefined,
  clusterSecret: undefined,
  observerSecret: undefined,
  tls: undefined,
  heartbeatIntervalMs: undefined,
  heartbeatMissThreshold: undefined,
  reconnectBaseDelayMs: undefined,
  reconnectMaxDelayMs: undefined,
  forgetAfterMs: undefined,
  accept: undefined,
  roles: undefined,
  metadata: undefined,
  minNodes: undefined,
  insecure: undefined,
};

test('a runtime whose options are all undefined is as one without options', async () => {
  const options: AllUndefined<RuntimeOptions> = {
    clock: undefined,
    observer: undefined,
    flushIntervalMs: undefined,
    budget: undefined,
    loopBlockedMs: undefined,
    onError: undefined,
    reporter: undefined,
    onRootExit: undefined,
    transport: undefined,
  };
  const { GenServer, Observer, shutdown } = createRuntime(options);
  await GenServer.start(counter);
  expect(Observer.getProcessCount()).toBe(1);
  const shutdownOptions: AllUndefined<ShutdownOptions> = { timeout: undefined };
  await shutdown(shutdownOptions);
});

test('a GenServer starts and answers with options that are all undefined', async () => {
  const { GenServer } = createTestRuntime();
  const options: AllUndefined<GenServerOptions> = {
    name: undefined,
    registration: undefined,
    label: undefined,
    initTimeout: undefined,
    mailboxLimit: undefined,
    overload: undefined,
    context: undefined,
    trapExit: undefined,
  };
  const callOptions: AllUndefined<CallOptions> = { timeout: undefined, signal: undefined };
  const stopOptions: AllUndefined<StopOptions> = { timeout: undefined };
  const ref = await GenServer.start(counter, options);
  expect(await GenServer.call(ref, 'get', callOptions)).toBe(0);
  await GenServer.stop(ref, undefined, stopOptions);
});

test('a supervisor and its children start with options that are all undefined', async () => {
  const { GenServer, Supervisor } = createTestRuntime();
  const options: AllUndefined<SupervisorOptions> = {
    strategy: undefined,
    children: undefined,
    childTemplate: undefined,
    restartIntensity: undefined,
    name: undefined,
    autoShutdown: undefined,
  };
  const start = () => GenServer.start(counter);
  const supervisor = await Supervisor.start({ ...options, children: [{ ...childOptions, id: 'a', start }] });
  expect(Supervisor.getChildren(supervisor)).toMatchObject([{ id: 'a', restart: 'permanent', significant: false }]);
  const template = { ...options, strategy: 'simple_one_for_one', childTemplate: { ...childOptions, start } } as const;
  expect(Supervisor.countChildren(await Supervisor.start(template))).toBe(0);
  expect(Supervisor.countChildren(await Supervisor.start(options))).toBe(0);
});

test('a cluster starts, and is read, with options that are all undefined', async () => {
  expect(readClusterConfig({ nodeName: 'nodeA', ...clusterConfig })).toEqual(readClusterConfig({ nodeName: 'nodeA' }));
  const runtime = new ObservedCluster();
  const node = await runtime.start('nodeA', {}, { ...clusterConfig, port: 4369, seeds: [] });
  const options: AllUndefined<ClusterSnapshotOptions> = { useCache: undefined, timeout: undefined };
  const first = await runtime.settle(node.ClusterObserver.getClusterSnapshot(options));
  expect(await runtime.settle(node.ClusterObserver.getClusterSnapshot(options))).toBe(first);
});

test('TLS settings that are all undefined show nothing and trust whom Node.js trusts', () => {
  const settings: AllUndefined<TlsSettings> = {
    cert: undefined,
    key: undefined,
    ca: undefined,
    requestPeerCert: undefined,
  };
  expect(readTls(settings, 'observer')).toEqual(settings);
});

test('attach takes options that are all undefined', async () => {
  const options: AllUndefined<AttachOptions> = {
    clusterSecret: undefined,
    observerSecret: undefined,
    timeout: undefined,
    onError: undefined,
    clock: undefined,
    transport: undefined,
    tls: undefined,
    forgetAfterMs: undefined,
  };
  // Nothing listens there.
  await expect(attach('nodeA@127.0.0.1:1', options)).rejects.toThrow(NodeUnreachableError);
});

test('a dashboard takes options that are all undefined', () => {
  const handler: AllUndefined<DashboardHandlerOptions> = {
    path: undefined,
    token: undefined,
    hosts: undefined,
    source: undefined,
    authorize: undefined,
    assets: undefined,
    onError: undefined,
  };
  const server: AllUndefined<DashboardOptions> = {
    port: undefined,
    host: undefined,
    token: undefined,
    hosts: undefined,
    source: undefined,
    authorize: undefined,
    assets: undefined,
    onError: undefined,
  };
  expect(checkHandlerOptions(handler)).toEqual(checkHandlerOptions({}));
  expect(checkServerOptions(server)).toEqual(checkServerOptions({}));
});

import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { systemClock } from '../../../src/clock.js';
import { createCluster } from '../../../src/cluster/cluster.js';
import type { ClusterApi } from '../../../src/cluster/cluster-api.js';
import type { ClusterConfig } from '../../../src/cluster/cluster-config.js';
import { mesh } from '../../../src/cluster/mesh/start-mesh.js';
import { createWsTransport, type WsTransportOptions } from '../../../src/cluster/transport/ws-transport.js';
import { NodeIdConflictError } from '../../../src/errors.js';
import { issue } from '../../helpers/certificates.js';
import { freePort } from '../../helpers/node-process.js';
import { TcpProxy } from '../../helpers/tcp-proxy.js';

const cleanUps: (() => Promise<unknown>)[] = [];

afterEach(async () => {
  await Promise.all(cleanUps.splice(0).map((cleanUp) => cleanUp()));
});

interface RunningNode {
  readonly id: string;
  readonly cluster: ClusterApi;
  readonly errors: Error[];
}

async function startNode(config: ClusterConfig, transport: WsTransportOptions = {}): Promise<RunningNode> {
  const errors: Error[] = [];
  const { cluster } = createCluster({
    clock: systemClock,
    startNode: mesh({ transport: createWsTransport(transport) }),
    processCount: () => 0,
    onError: (error) => errors.push(error),
  });
  await cluster.start({ reconnectBaseDelayMs: 50, reconnectMaxDelayMs: 1000, ...config });
  cleanUps.push(() => cluster.stop());
  return { id: cluster.getLocalNodeId(), cluster, errors };
}

const eventually = (check: () => void): Promise<void> => vi.waitFor(check, { timeout: 20_000, interval: 10 });

describe('ten nodes behind one name', () => {
  test('that start at the same moment are one cluster', async () => {
    const hosts = Array.from({ length: 10 }, (_, at) => `127.0.0.${at + 1}`);
    const port = await freePort();
    let turn = 0;
    const resolve = async (name: string): Promise<readonly string[]> => {
      expect(name).toBe('nodes.test');
      turn += 1;
      return hosts.map((_, at) => hosts[(at + turn) % hosts.length] ?? '');
    };
    const nodes = await Promise.all(
      hosts.map((host) =>
        startNode(
          { nodeName: 'node', host, port, seeds: [`dns:nodes.test.:${port}`], clusterSecret: 'correct horse' },
          { resolve },
        ),
      ),
    );
    await eventually(() => {
      for (const { cluster } of nodes) expect(cluster.getConnectedNodeCount()).toBe(9);
    });
    expect(nodes.flatMap(({ errors }) => errors)).toEqual([]);
    const [first] = nodes;
    expect(first?.cluster.getNodes().map(({ version }) => version)).toEqual(
      Array(9).fill(first?.cluster.getLocalNodeInfo().version),
    );
  });

  test('are found by the resolver of the system when there is no other', async () => {
    const a = await startNode({ nodeName: 'nodeA', port: 0 });
    const { port } = a.cluster.getLocalNodeInfo();
    const b = await startNode({ nodeName: 'nodeB', port: 0, seeds: [`dns:localhost:${port}`] });
    await eventually(() => expect(b.cluster.getConnectedNodeCount()).toBe(1));
    expect([...a.errors, ...b.errors]).toEqual([]);
  });
});

describe('a node behind a published port', () => {
  async function startMapped(nodeName: string, seeds: readonly string[]): Promise<RunningNode> {
    const [listening, published] = [await freePort(), await freePort()];
    const proxy = await TcpProxy.listen({
      host: '127.0.0.1',
      port: published,
      target: '127.0.0.1',
      targetPort: listening,
      faultOf: () => undefined,
      changed: () => new Promise(() => undefined),
    });
    const advertise = { host: '127.0.0.1', port: published };
    const node = await startNode({ nodeName, port: listening, advertise, seeds, clusterSecret: 'correct horse' });
    expect(node.id).toBe(`${nodeName}@127.0.0.1:${published}`);
    cleanUps.push(() => proxy.close());
    return node;
  }

  test('has the id that others reach, and links with the others, whichever side dials', async () => {
    const a = await startMapped('nodeA', []);
    const b = await startMapped('nodeB', [a.id]);
    const c = await startMapped('nodeC', [a.id]);
    await eventually(() => {
      for (const { cluster } of [a, b, c]) expect(cluster.getConnectedNodeCount()).toBe(2);
    });
    expect([...a.errors, ...b.errors, ...c.errors]).toEqual([]);
    expect(a.cluster.getNodeIds()).toEqual([b.id, c.id]);
  });
});

describe('what keeps two nodes apart is reported once, with what to do', () => {
  async function reported(config: Partial<ClusterConfig>): Promise<Error> {
    const b = await startNode({ nodeName: 'nodeB', port: 0, reconnectMaxDelayMs: 50, ...config });
    await eventually(() => expect(b.errors.length).toBe(1));
    // Three more attempts have time to fail.
    await new Promise((resolve) => setTimeout(resolve, 300));
    expect(b.errors.length).toBe(1);
    expect(b.errors[0]).not.toBeInstanceOf(NodeIdConflictError);
    return b.errors[0] as Error;
  }

  test('by a node without tls that dials one with it', async () => {
    const authority = await issue('authority');
    const tls = { ...(await issue('node', authority)), ca: authority.cert };
    const a = await startNode({ nodeName: 'nodeA', port: 0, tls });
    const error = await reported({ seeds: [a.id] });
    expect(error).toMatchObject({ name: 'HandshakeError', reason: 'ECONNRESET', peer: a.id });
    expect(error.message).toContain('check that both sides use tls or neither does');
  });

  test('by a node whose certificate the other side refuses', async () => {
    const authority = await issue('authority');
    const tls = { ...(await issue('node', authority)), ca: authority.cert };
    const a = await startNode({ nodeName: 'nodeA', port: 0, tls: { ...tls, requestPeerCert: true } });
    const foreign = { ...(await issue('node', await issue('stranger'))), ca: authority.cert };
    const error = await reported({ seeds: [a.id], tls: foreign });
    expect(error).toMatchObject({ name: 'HandshakeError', peer: a.id });
    expect(error.message).toContain('trusts the certificate of this node (requestPeerCert)');
  });

  test('by a node that dials something else', async () => {
    const server = createServer((_, response) => response.end('hello')).listen(0, '127.0.0.1');
    await new Promise((resolve) => server.once('listening', resolve));
    cleanUps.push(() => new Promise((resolve) => server.close(resolve)));
    const { port } = server.address() as AddressInfo;
    const error = await reported({ seeds: [`127.0.0.1:${port}`] });
    expect(error).toMatchObject({ name: 'NodeUnreachableError', nodeId: `127.0.0.1:${port}` });
    expect(error.message).toContain('Unexpected server response: 200');
  });
});

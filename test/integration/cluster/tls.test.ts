import { once } from 'node:events';
import { connect as connectTls } from 'node:tls';
import { afterEach, beforeAll, describe, expect, test, vi } from 'vitest';
import { NodeId } from '../../../src/cluster/node-id.js';
import type { TlsSettings } from '../../../src/cluster/transport/transport.js';
import { attach } from '../../../src/runtime/attach.js';
import { createRuntime } from '../../../src/runtime/runtime.js';
import type { Runtime } from '../../../src/runtime/runtime-options.js';
import { issue, type Keys } from '../../helpers/certificates.js';

let authority: Keys;
let stranger: Keys;
let nodeKeys: Keys;
let tls: TlsSettings;

beforeAll(async () => {
  authority = await issue('authority');
  stranger = await issue('stranger');
  nodeKeys = await issue('node', authority);
  tls = { ...nodeKeys, ca: authority.cert };
});

const started: { readonly runtime: Runtime; readonly errors: unknown[] }[] = [];

afterEach(async () => {
  await Promise.all(started.splice(0).map(({ runtime }) => runtime.shutdown()));
});

async function startNode(nodeName: string, seeds: readonly NodeId[], settings?: TlsSettings) {
  const errors: unknown[] = [];
  const runtime = createRuntime({ onError: (error) => errors.push(error) });
  started.push({ runtime, errors });
  await runtime.Cluster.start({
    nodeName,
    port: 0,
    seeds,
    reconnectBaseDelayMs: 50,
    ...(settings !== undefined && { tls: settings }),
  });
  return { ...runtime, errors, id: runtime.Cluster.getLocalNodeId() };
}

const eventually = (check: () => void): Promise<void> => vi.waitFor(check, { timeout: 10_000, interval: 5 });

describe('nodes with tls', () => {
  test('are linked, encrypted, and seen by an observer with the same authority', async () => {
    const a = await startNode('nodeA', [], tls);
    const b = await startNode('nodeB', [a.id], tls);
    await eventually(() => expect(b.Cluster.isNodeConnected(a.id)).toBe(true));
    const attached = await attach(b.id, { tls: { ca: authority.cert } });
    const { aggregated } = await attached.getClusterSnapshot();
    expect(aggregated.connectedNodeCount).toBe(2);
    await attached.detach();
    expect([...a.errors, ...b.errors]).toEqual([]);

    const { host, port } = NodeId.parts(a.id);
    const socket = connectTls({ host, port, ca: authority.cert });
    await once(socket, 'secureConnect');
    expect(['TLSv1.2', 'TLSv1.3']).toContain(socket.getProtocol());
    socket.destroy();
  });

  test('of another authority are not dialled, and that is reported once', async () => {
    const a = await startNode('nodeA', [], { ...(await issue('node', stranger)), ca: stranger.cert });
    const b = await startNode('nodeB', [a.id], tls);
    await eventually(() => expect(b.errors.length).toBe(1));
    expect(b.errors[0]).toMatchObject({ code: 'NOEX_HANDSHAKE', peer: a.id });
    expect(b.Cluster.getNodes()).toEqual([]);
    await expect(attach(a.id, { tls: { ca: authority.cert } })).rejects.toThrow(/SIGNATURE|CERT/);
    expect(b.errors.length).toBe(1);
  });

  test('and one without do not understand each other', async () => {
    const a = await startNode('nodeA', [], tls);
    const plain = await startNode('nodeB', [a.id]);
    await expect(attach(a.id)).rejects.toMatchObject({ code: 'NOEX_NODE_UNREACHABLE' });
    await expect(attach(plain.id, { tls: { ca: authority.cert } })).rejects.toMatchObject({
      code: 'NOEX_NODE_UNREACHABLE',
    });
    expect(a.Cluster.getNodes()).toEqual([]);
  });

  test('that require a certificate let in no peer without one', async () => {
    const mutual = { ...tls, requestPeerCert: true };
    const a = await startNode('nodeA', [], mutual);
    const b = await startNode('nodeB', [a.id], mutual);
    await eventually(() => expect(b.Cluster.isNodeConnected(a.id)).toBe(true));
    await expect(attach(a.id, { tls: { ca: authority.cert } })).rejects.toMatchObject({
      code: 'NOEX_NODE_UNREACHABLE',
    });
    const foreign = { ...(await issue('node', stranger)), ca: authority.cert };
    await expect(attach(a.id, { tls: foreign })).rejects.toMatchObject({ code: 'NOEX_NODE_UNREACHABLE' });
    const attached = await attach(a.id, { tls });
    await attached.detach();
  });
});

describe('tls settings', () => {
  test.each<[string, unknown, string]>([
    ['no object', 'yes', 'tls must be an object'],
    ['no key', { cert: 'x' }, 'tls needs both cert and key'],
    ['what is no PEM', { cert: 'x', key: 'y' }, 'tls cannot be used'],
    ['an unknown field', { passphrase: 'x' }, 'tls.passphrase is not an option'],
    ['a bad flag', { requestPeerCert: 1 }, 'tls.requestPeerCert must be true or false'],
  ])('that are %s are refused', async (_, settings, problem) => {
    const { Cluster } = createRuntime();
    await expect(Cluster.start({ nodeName: 'a', port: 0, tls: settings as TlsSettings })).rejects.toThrow(problem);
  });

  test('with mutual proof are as good as a secret for listening beyond this machine', async () => {
    const { Cluster } = createRuntime();
    const beyond = { nodeName: 'a', port: 0, host: '127.0.0.1', listen: '0.0.0.0' };
    await expect(Cluster.start({ ...beyond, tls })).rejects.toThrow('can be reached from other machines');
    await Cluster.start({ ...beyond, tls: { ...tls, requestPeerCert: true } });
    await Cluster.stop();
  });
});

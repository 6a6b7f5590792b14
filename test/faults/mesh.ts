import { setTimeout as sleep } from 'node:timers/promises';
import type { ClusterConfig } from '../../src/cluster/cluster-config.js';
import { linked } from '../helpers/fault-lab.js';
import { FaultNode } from '../helpers/forked-node.js';
import { freePort } from '../helpers/node-process.js';

export const MESH_SIZE = 20;

/** Until all that a start brings with it is over, ms. */
const SETTLE_MS = 10_000;
/** For how long it is counted what calm nodes send, ms. */
const COUNT_MS = 30_000;

export interface MeshStart {
  /** Until each node was linked with each other: since the first Node process was started, and since the last was ready. */
  readonly sinceFirstMs: number;
  readonly sinceLastMs: number;
}

/** What one node sends to all others, on average. */
export interface Traffic {
  readonly messagesPerSecond: number;
  readonly bytesPerSecond: number;
}

/**
 * Starts nodes at the same moment, each a Node process, with nothing between them and no observer, with the
 * settings as they come. When they are linked, `body` is called with them; then they are killed.
 */
export async function withMesh<Result>(
  config: Pick<ClusterConfig, 'clusterSecret'>,
  boundMs: number,
  body: (start: MeshStart, nodes: readonly FaultNode[]) => Promise<Result>,
): Promise<Result> {
  const nodes: FaultNode[] = [];
  try {
    const ports = await Promise.all(Array.from({ length: MESH_SIZE }, freePort));
    const seeds = [`node0@127.0.0.1:${ports[0]}`];
    const first = performance.now();
    await Promise.all(
      ports.map(async (port, at) => {
        const nodeName = `node${at}`;
        const settings = { ...config, nodeName, port, seeds: at === 0 ? [] : seeds };
        nodes.push(await FaultNode.start(nodeName, settings, { isQuiet: true }));
      }),
    );
    const last = performance.now();
    await linked(nodes, boundMs);
    const end = performance.now();
    return await body({ sinceFirstMs: end - first, sinceLastMs: end - last }, nodes);
  } finally {
    await Promise.all(nodes.map((node) => node.kill()));
  }
}

/** What these nodes send when nothing happens: bytes on their TCP connections, all of which is heartbeats. */
export async function trafficOf(nodes: readonly FaultNode[]): Promise<Traffic> {
  await sleep(SETTLE_MS);
  const before = await sentBy(nodes);
  const begun = performance.now();
  await sleep(COUNT_MS);
  const after = await sentBy(nodes);
  const nodeSeconds = (nodes.length * (performance.now() - begun)) / 1000;
  return {
    messagesPerSecond: (after.messages - before.messages) / nodeSeconds,
    bytesPerSecond: (after.bytes - before.bytes) / nodeSeconds,
  };
}

async function sentBy(nodes: readonly FaultNode[]): Promise<{ readonly messages: number; readonly bytes: number }> {
  let [messages, bytes] = [0, 0];
  for (const sent of await Promise.all(nodes.map((node) => node.ask('sent')))) {
    messages += sent.messages;
    bytes += sent.bytes;
  }
  return { messages, bytes };
}

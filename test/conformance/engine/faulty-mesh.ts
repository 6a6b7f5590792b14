import { SimulatedClock } from '../../../src/clock.js';
import { createCluster } from '../../../src/cluster/cluster.js';
import type { ClusterApi } from '../../../src/cluster/cluster-api.js';
import { mesh } from '../../../src/cluster/mesh/start-mesh.js';
import { NodeId } from '../../../src/cluster/node-id.js';
import { MemoryNetwork } from '../../../src/cluster/transport/memory-transport.js';
import type { Address } from '../../../src/cluster/transport/transport.js';
import { seededRandom } from '../../helpers/seeded-random.js';
import { ChannelRecorder, isShared, prefixViolations } from './channel-recorder.js';

export type Fault =
  | { readonly kind: 'cut' | 'sever' | 'reset'; readonly pair: readonly [number, number] }
  | {
      readonly kind: 'kill' | 'unplug' | 'freeze' | 'thaw' | 'leave' | 'restart' | 'rival';
      readonly node: number;
    }
  | { readonly kind: 'heal' };

const INTERVAL_MS = 1000;
const MISS_THRESHOLD = 5;
/** How long a channel may be up at one side only, and what this test cannot see between two checks. */
const ONE_SIDED_MS = INTERVAL_MS * (MISS_THRESHOLD + 1);
const STEP_MS = 50;
const FIRST_PORT = 5000;
/** What is lost is sent again later: what comes over an old connection may be overtaken by what comes over the next one. */
const LOSS_RATE = 0.1;
const RESEND_MS = 200;

interface Node {
  readonly index: number;
  readonly address: Address;
  readonly cluster: ClusterApi;
  readonly recorder: ChannelRecorder;
  isFrozen: boolean;
  /** When it was frozen or thawed last. */
  disturbedAt: number;
}

/** Nodes that are seeds of each other on a memory network, what happens to them, and what they say to each other meanwhile. */
export class FaultyMesh {
  readonly #clock = new SimulatedClock();
  readonly #random: () => number;
  readonly #network: MemoryNetwork;
  readonly #seeds: readonly string[];
  readonly #living: Node[] = [];
  readonly #recorders: ChannelRecorder[] = [];
  readonly #violations: string[] = [];
  /** Since when a channel is up at one side only, by its number there. */
  readonly #oneSided = new Map<string, number>();
  /** What was under way through a cut arrives when it heals, and counts as a sign of life then. */
  #healedAt = 0;
  #lastNumber = 0;
  #lastPort = FIRST_PORT + 1000;

  constructor(size: number, seed: number) {
    this.#random = seededRandom(seed);
    this.#network = new MemoryNetwork({ clock: this.#clock, random: this.#random, lossRate: LOSS_RATE });
    this.#seeds = Array.from({ length: size }, (_, index) => `node${index}@127.0.0.1:${FIRST_PORT + index}`);
  }

  async start(): Promise<void> {
    for (const index of this.#seeds.keys()) await this.#start(index);
  }

  async apply(fault: Fault): Promise<void> {
    if (fault.kind === 'heal') return this.#heal();
    if ('pair' in fault) return this.#applyToPair(fault.kind, fault.pair);
    const target = this.#living.find(({ index }) => index === fault.node);
    if (fault.kind === 'restart') {
      if (target !== undefined) this.#end(target, 'kill');
      return this.#start(fault.node);
    }
    if (fault.kind === 'rival') return this.#start(fault.node, this.#lastPort++);
    if (target === undefined) return;
    if (fault.kind === 'leave') await this.#leave(target);
    else if (fault.kind === 'freeze' || fault.kind === 'thaw') this.#freeze(target, fault.kind === 'freeze');
    else this.#end(target, fault.kind);
  }

  /** Moves time on; meanwhile, all nodes that run code send items. */
  run(ms: number): void {
    // In a short time, connections come and go: the nodes send all the time.
    const stepMs = ms <= STEP_MS ? 1 : STEP_MS;
    for (let at = 0; at < ms; at += stepMs) {
      this.#talk();
      this.#clock.advance(Math.min(stepMs, ms - at));
      this.#checkBothSides();
    }
  }

  /** Ends all faults, waits until the nodes have found each other, and lets what was sent arrive. */
  async settle(): Promise<void> {
    this.#heal();
    for (const node of this.#living) if (node.isFrozen) this.#freeze(node, false);
    for (const node of this.#rivals()) await this.#leave(node);
    this.run(10_000);
    this.#clock.advance(120_000);
    this.run(1000);
    this.#clock.advance(1000);
    this.#checkLastItems();
  }

  violations(): readonly string[] {
    const own = this.#recorders.flatMap(({ violations }) => violations);
    return [...own, ...prefixViolations(this.#recorders), ...this.#violations];
  }

  openChannels(): readonly string[] {
    return this.#living.flatMap(({ recorder }) => recorder.peers().map((id) => `${recorder.self.id} ${id}`)).sort();
  }

  expectedChannels(): readonly string[] {
    const ids = this.#living.map(({ recorder }) => recorder.self.id);
    return ids.flatMap((id) => ids.filter((other) => other !== id).map((other) => `${id} ${other}`)).sort();
  }

  /** @param listenPort a second node under the id of `index`, if that is not the port in the id */
  async #start(index: number, listenPort?: number): Promise<void> {
    const port = FIRST_PORT + index;
    if (listenPort === undefined && this.#living.some((node) => node.index === index)) return;
    this.#clock.advance(1); // a new incarnation has a later time
    const transport = this.#network.transport();
    const { cluster, channels, membership } = createCluster({
      clock: transport.clock,
      startNode: mesh({ transport, random: this.#random }),
      processCount: () => 0,
      onError: () => undefined,
    });
    await cluster.start({
      nodeName: `node${index}`,
      port: listenPort ?? port,
      advertise: { port },
      seeds: this.#seeds,
      heartbeatIntervalMs: INTERVAL_MS,
      heartbeatMissThreshold: MISS_THRESHOLD,
      reconnectBaseDelayMs: 10,
    });
    const self = membership.local();
    if (self === undefined) throw new Error('the node did not start');
    const recorder = new ChannelRecorder(self, channels, () => ++this.#lastNumber);
    this.#recorders.push(recorder);
    const address = { ...NodeId.parts(self.id), port: listenPort ?? port };
    const disturbedAt = this.#clock.monotonic();
    this.#living.push({
      index: listenPort === undefined ? index : -1,
      address,
      cluster,
      recorder,
      isFrozen: false,
      disturbedAt,
    });
  }

  #applyToPair(kind: 'cut' | 'sever' | 'reset', [first, second]: readonly [number, number]): void {
    const one = this.#living.find(({ index }) => index === first);
    const other = this.#living.find(({ index }) => index === second);
    if (one === undefined || other === undefined) return;
    if (kind === 'cut') this.#network.cut(one.address, other.address);
    else this.#network.sever(one.address, other.address);
    if (kind === 'reset') this.#network.sever(other.address, one.address);
  }

  #heal(): void {
    this.#healedAt = this.#clock.monotonic();
    this.#network.heal();
  }

  #freeze(node: Node, isFrozen: boolean): void {
    node.isFrozen = isFrozen;
    node.disturbedAt = this.#clock.monotonic();
    if (isFrozen) this.#network.freeze(node.address);
    else this.#network.thaw(node.address);
  }

  #end(node: Node, how: 'kill' | 'unplug'): void {
    this.#living.splice(this.#living.indexOf(node), 1);
    this.#network[how](node.address);
  }

  async #leave(node: Node): Promise<void> {
    if (node.isFrozen) return; // it runs no code
    this.#living.splice(this.#living.indexOf(node), 1);
    const stopped = node.cluster.stop();
    await Promise.resolve();
    await Promise.resolve();
    this.#clock.advance(2000);
    await stopped;
  }

  #rivals(): readonly Node[] {
    return this.#living.filter(({ index }) => index < 0);
  }

  #talk(): void {
    for (const { recorder, isFrozen } of this.#living) {
      if (isFrozen) continue;
      for (const peer of recorder.peers()) {
        if (this.#random() < 0.3) recorder.send(peer);
      }
      if (this.#random() < 0.3) recorder.broadcast();
    }
  }

  #checkBothSides(): void {
    const now = this.#clock.monotonic();
    for (const { recorder, isFrozen, disturbedAt } of this.#living) {
      for (const id of recorder.peers()) {
        const session = recorder.open(id);
        if (session === undefined) continue;
        const key = `${recorder.self.id} ${recorder.self.incarnation} ${session.sent[0]}`;
        const other = this.#living.find(
          ({ recorder: { self } }) => self.id === id && self.incarnation === session.peer.incarnation,
        );
        const isShort = isFrozen || other?.isFrozen === true;
        if (isShort || isShared(session, other?.recorder.open(recorder.self.id))) {
          this.#oneSided.delete(key);
          continue;
        }
        const since = Math.max(this.#oneSided.get(key) ?? now, disturbedAt, other?.disturbedAt ?? 0, this.#healedAt);
        this.#oneSided.set(key, since);
        if (now - since > ONE_SIDED_MS + RESEND_MS + 2 * STEP_MS)
          this.#violations.push(`${key} with ${id} is up at one side only`);
      }
    }
  }

  /** Nothing happens any more: everything that was sent has arrived. */
  #checkLastItems(): void {
    for (const { recorder } of this.#living) {
      for (const id of recorder.peers()) {
        const other = this.#living.find(({ recorder: { self } }) => self.id === id);
        const [sent, received] = [recorder.open(id)?.sent, other?.recorder.open(recorder.self.id)?.received];
        if (String(sent) !== String(received))
          this.#violations.push(`${recorder.self.id} sent ${sent}; ${id} received ${received}`);
      }
    }
  }
}

import type { HostPorts } from '../../src/distributed-supervisor/child-host.js';
import type { ChildRequestBody } from '../../src/distributed-supervisor/child-requests.js';
import {
  type DistributedSupervisorOptions,
  readDistributedOptions,
} from '../../src/distributed-supervisor/distributed-options.js';
import { Supervision } from '../../src/distributed-supervisor/supervision.js';
import {
  LOCAL_NODE,
  type SentChildSpec,
  type SupervisionMessage,
} from '../../src/distributed-supervisor/supervision-protocol.js';
import type { SupervisorInstance } from '../../src/distributed-supervisor/supervisor-instance.js';
import { AlreadyRegisteredError, asError } from '../../src/errors.js';
import type { TerminationReason } from '../../src/process/gen-server-types.js';
import type { ClaimItem } from '../../src/remote/names/claim-protocol.js';
import { type NamePorts, SimulatedName } from './simulated-name.js';

/** The name of the only supervisor. */
const KEY = 'jobs';
const NAME = `noex:supervisor:${KEY}`;

/** What nodes send each other: an item about claims, or JSON text. */
export type SentItem = ClaimItem | string;

export interface NodePorts extends Omit<NamePorts, 'onChange' | 'send'> {
  random(): number;
  peers(): readonly { readonly id: string; readonly life: string }[];
  hasEnded(life: string): boolean;
  send(to: string | undefined, item: SentItem): void;
  isNameTaken(name: string): boolean;
  /** A defect: which messages are not handled. */
  readonly ignores: ((message: SupervisionMessage) => boolean) | undefined;
  onSpawned(childId: string): void;
  onDuplicate(): void;
  onGaveUp(): void;
}

/** A process of a child. `spawned`: its `init` runs. */
export interface NodeProcess {
  readonly id: string;
  readonly childId: string;
  readonly spec: SentChildSpec;
  phase: 'made' | 'spawned' | 'running' | 'stopping';
  started: { resolve(processId: string): void; reject(error: Error): void };
  readonly onExit: ((reason: TerminationReason) => void)[];
}

/** One node that runs distributed supervisors, with all that surrounds them replaced. */
export class SupervisedNode {
  readonly id: string;
  readonly life: string;
  readonly supervision: Supervision;
  readonly processes = new Map<string, NodeProcess>();
  /** Whether the node is in the cluster. */
  isMember = true;
  isAlive = true;
  instance: SupervisorInstance | undefined;
  readonly #ports: NodePorts;
  readonly #name: SimulatedName;
  readonly #requests = new Map<number, { resolve(value: unknown): void; reject(error: Error): void; to: string }>();
  readonly #assumed = new Set<string>();
  #lastId = 0;

  constructor(id: string, life: string, ports: NodePorts) {
    this.id = id;
    this.life = life;
    this.#ports = ports;
    this.#name = new SimulatedName(NAME, life, {
      ...ports,
      after: (ms, action) => this.#after(ms, action),
      onChange: () => this.supervision.namesChanged([NAME]),
    });
    this.supervision = this.#supervise();
  }

  get leads(): boolean {
    return this.instance?.leader !== undefined;
  }

  /** The processes of children that have not ended. */
  get children(): readonly NodeProcess[] {
    return [...this.processes.values()].filter(({ phase }) => phase !== 'made');
  }

  async startInstance(options: DistributedSupervisorOptions): Promise<void> {
    if (this.instance !== undefined) return;
    const settings = readDistributedOptions({ ...options, name: KEY });
    const id = this.#newId();
    const instance = this.supervision.add(KEY, settings, { id, stop: () => void this.stopInstance() });
    this.instance = instance;
    try {
      await instance.start();
    } catch {
      this.killInstance();
    }
  }

  async stopInstance(): Promise<void> {
    const { instance } = this;
    instance?.abandonStart();
    await instance?.end();
    if (this.instance === instance) this.killInstance();
  }

  killInstance(): void {
    if (this.instance === undefined) return;
    const { id } = this.instance.process;
    this.instance = undefined;
    this.supervision.remove(KEY);
    this.#name.end(id);
  }

  async request(body: ChildRequestBody): Promise<void> {
    await this.supervision.request(KEY, body);
  }

  /** Makes a process do its next step: begin `init`, complete it, or end. */
  progress(process: NodeProcess): void {
    if (process.phase === 'made') {
      process.phase = 'spawned';
      this.#ports.onSpawned(process.childId);
    } else if (process.phase === 'spawned') {
      const name = process.spec.name;
      if (name !== undefined && this.#ports.isNameTaken(name)) {
        process.started.reject(new AlreadyRegisteredError(name, 'p1'));
        this.exit(process, 'killed');
      } else {
        process.phase = 'running';
        process.started.resolve(process.id);
      }
    } else if (process.phase === 'stopping') this.exit(process, 'shutdown');
  }

  exit(process: NodeProcess, reason: TerminationReason): void {
    if (!this.processes.delete(process.id)) return;
    process.started.reject(new Error('the process has ended'));
    for (const listener of process.onExit.splice(0)) listener(reason);
  }

  up(peer: string, life: string): void {
    this.#name.up(peer, life);
    this.supervision.nodeUp(peer, life);
  }

  down(peer: string): void {
    for (const [number, { to, reject }] of this.#requests) {
      if (to !== peer) continue;
      this.#requests.delete(number);
      reject(new Error('the channel is down'));
    }
    this.#name.down(peer);
    this.supervision.nodeDown(peer);
  }

  receive(peer: string, life: string, item: SentItem): void {
    if (typeof item !== 'string') {
      this.#name.receive(peer, item);
      return;
    }
    const [type, ...fields] = JSON.parse(item);
    if (type === 'supervise') {
      const [key, at, sequence, body] = fields;
      if (this.#ports.ignores?.(body)) return;
      this.supervision.receive({ nodeId: peer, life }, key, at, sequence, body);
    } else if (type === 'supervise_request') {
      const [number, key, body] = fields;
      const reply = (value: unknown): void => this.#ports.send(peer, JSON.stringify(['reply', number, value]));
      this.supervision.receiveRequest(key, body).then(
        (ref) => reply({ ref }),
        (error) => reply({ error: asError(error).message }),
      );
    } else {
      const [number, { ref, error }] = fields;
      const request = this.#requests.get(number);
      this.#requests.delete(number);
      if (error === undefined) request?.resolve(ref);
      else request?.reject(new Error(error));
    }
  }

  /** A defect: the leader on this node, if it is new, does not wait for the list of a node. */
  assumeEmpty({ id, life }: { readonly id: string; readonly life: string }): void {
    const { claimed: claim } = this.#name;
    if (!this.leads || claim === undefined) return;
    const { at, sequence } = claim.stamp;
    const key = `${at}/${sequence}/${life}`;
    if (this.#assumed.has(key)) return;
    this.#assumed.add(key);
    this.supervision.receive({ nodeId: id, life }, KEY, at, sequence, { type: 'obeying' });
  }

  #supervise(): Supervision {
    const { peers, hasEnded, random, now } = this.#ports;
    return new Supervision({
      life: this.life,
      nodeId: () => (this.isMember ? this.id : undefined),
      peers,
      candidate: (node) => ({
        id: node === LOCAL_NODE ? this.id : node,
        isLocal: node === LOCAL_NODE,
        roles: [],
        metadata: {},
        processCount: 0,
        countedAt: 0,
      }),
      random,
      now,
      hasEnded,
      reserveMs: () => 0,
      refusal: () => undefined,
      hasQuorum: () => true,
      after: (ms, action) => this.#after(ms, action),
      emit: (event) => {
        if (event.type === 'distributed_child_stopped' && event.why === 'duplicate') this.#ports.onDuplicate();
        if (event.type === 'supervisor_gave_up') this.#ports.onGaveUp();
      },
      watch: (processId, onExit) => {
        const process = this.processes.get(processId);
        process?.onExit.push(onExit);
        return process && (() => undefined);
      },
      kill: (processId) => {
        const process = this.processes.get(processId);
        if (process !== undefined) this.exit(process, 'killed');
      },
      stop: (processId) => {
        const process = this.processes.get(processId);
        if (process === undefined) return Promise.resolve();
        process.phase = 'stopping';
        return new Promise((resolve) => process.onExit.push(() => resolve()));
      },
      names: {
        claim: (_name, processId) => this.#name.claim(processId),
        release: () => this.#name.release(),
        owners: () =>
          this.#name.owners.map(({ nodeId = LOCAL_NODE, processId, stamp }) => {
            const { at, sequence, life } = stamp;
            return { node: nodeId, life, processId, at, sequence };
          }),
      },
      start: (_supervisor, childId, spec) => this.#start(childId, spec),
      send: (node, item) => this.#ports.send(node, item),
      request: (to, itemWith) =>
        new Promise((resolve, reject) => {
          this.#lastId += 1;
          this.#requests.set(this.#lastId, { resolve, reject, to });
          this.#ports.send(to, itemWith(this.#lastId));
        }),
      encode: (value) => ({ text: JSON.stringify(value), isAnnotated: false }),
    });
  }

  #start(childId: string, spec: SentChildSpec): ReturnType<HostPorts['start']> {
    const id = this.#newId();
    const started = new Promise<string>((resolve, reject) => {
      this.processes.set(id, { id, childId, spec, phase: 'made', started: { resolve, reject }, onExit: [] });
    });
    return {
      started,
      exitReason: () => undefined,
      abort: () => {
        const process = this.processes.get(id);
        if (process !== undefined) this.exit(process, 'killed');
      },
    };
  }

  #after(ms: number, action: () => void): () => void {
    return this.#ports.after(ms, () => {
      if (this.isAlive) action();
    });
  }

  #newId(): string {
    this.#lastId += 1;
    return `p${this.#lastId}`;
  }
}

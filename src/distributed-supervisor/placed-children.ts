import type { NodeSelector } from './node-selection.js';
import type { ChildLocation, SentChildSpec } from './supervision-protocol.js';

/** Settles a request of the user when a child has started or stopped. */
export interface ChildRequest {
  resolve(location?: ChildLocation): void;
  reject(error: Error): void;
}

/** What the leader knows about the process of a child. */
export type ChildState =
  | { readonly type: 'down' }
  | { readonly type: 'starting'; readonly node: string; readonly placement: number }
  | { readonly type: 'running'; readonly at: ChildLocation }
  | { readonly type: 'stopping'; readonly at: ChildLocation }
  | LostState;

/** The node of a child is not connected, or has not reported the child yet. */
interface LostState {
  readonly type: 'lost';
  readonly at: ChildLocation;
  /** When the child starts elsewhere, ms of the monotonic clock. Infinity: once its node has reported its children. */
  readonly dueAt: number;
}

/** One child of a distributed supervisor, as its leader knows it. */
export interface PlacedChild {
  readonly id: string;
  readonly spec: SentChildSpec;
  /** A selector of the child's own; `undefined`: the selector of the supervisor decides. */
  readonly nodeSelector: NodeSelector | undefined;
  readonly state: ChildState;
  /** Whether the child should run. */
  isWanted: boolean;
  /** Whether the current process must stop first. */
  mustStop: boolean;
  /** Whether the supervisor is starting and this is one of its first children. */
  isInitial: boolean;
  restarts: number;
  /** The earliest time of the next start, ms of the monotonic clock. */
  notBefore: number;
  /** Since when its global name is taken by another process, ms of the monotonic clock. */
  nameTakenAt: number | undefined;
  /** The node on which the child ran last. */
  lastNode: string | undefined;
  /** The node on which the child starts next, if possible: after a crash, the node on which it ran. */
  preferredNode: string | undefined;
  /** The nodes that cannot run it, with the reasons. */
  readonly unusableNodes: Map<string, Error>;
  /** The request that started the child, until it runs. */
  onStarted: ChildRequest | undefined;
  /** The requests that wait for the end of its process. */
  readonly onStopped: ChildRequest[];
}

type Writable<T> = { -readonly [Key in keyof T]: T[Key] };

/** The children of one distributed supervisor, in start order. */
export class PlacedChildren implements Iterable<PlacedChild> {
  readonly #byId = new Map<string, Writable<PlacedChild>>();
  /** The running, stopping and lost children, by life and process id. */
  readonly #byProcess = new Map<string, Writable<PlacedChild>>();
  readonly #starting = new Map<number, PlacedChild>();

  [Symbol.iterator](): Iterator<PlacedChild> {
    return this.#byId.values();
  }

  /** Adds a child that does not run, at the end of the start order. Replaces a child with the same id. */
  add(id: string, spec: SentChildSpec, nodeSelector: NodeSelector | undefined): PlacedChild {
    const before = this.#byId.get(id);
    if (before !== undefined) this.remove(before);
    const child: PlacedChild = {
      id,
      spec,
      nodeSelector,
      state: { type: 'down' },
      isWanted: true,
      mustStop: false,
      isInitial: false,
      restarts: 0,
      notBefore: 0,
      nameTakenAt: undefined,
      lastNode: undefined,
      preferredNode: undefined,
      unusableNodes: new Map(),
      onStarted: undefined,
      onStopped: [],
    };
    this.#byId.set(id, child);
    return child;
  }

  remove(child: PlacedChild): void {
    this.setState(child, { type: 'down' });
    this.#byId.delete(child.id);
  }

  get(id: string): PlacedChild | undefined {
    return this.#byId.get(id);
  }

  /** The child whose process this is. */
  ofProcess(life: string, processId: string): PlacedChild | undefined {
    return this.#byProcess.get(`${life}/${processId}`);
  }

  /** The child that is being started on this node by the placement with this number. */
  ofPlacement(node: string, placement: number): PlacedChild | undefined {
    const child = this.#starting.get(placement);
    return child?.state.type === 'starting' && child.state.node === node ? child : undefined;
  }

  setState(child: Writable<PlacedChild>, state: ChildState): void {
    const before = child.state;
    if (before.type === 'starting') this.#starting.delete(before.placement);
    else if (before.type !== 'down' && this.#byProcess.get(keyOf(before.at)) === child) {
      this.#byProcess.delete(keyOf(before.at));
    }
    child.state = state;
    if (state.type === 'starting') this.#starting.set(state.placement, child);
    else if (state.type !== 'down') this.#byProcess.set(keyOf(state.at), child);
  }
}

function keyOf({ life, processId }: ChildLocation): string {
  return `${life}/${processId}`;
}

/** Whether the connected node of a child has not reported yet whether it still runs the child. */
export function isAwaited(child: PlacedChild): child is PlacedChild & { readonly state: LostState } {
  return child.state.type === 'lost' && child.state.dueAt === Number.POSITIVE_INFINITY;
}

/** Rejects the request that started a child, if the child does not run yet. */
export function rejectStart(child: PlacedChild, error: Error): void {
  child.onStarted?.reject(error);
  child.onStarted = undefined;
}

/** Where the process of a child is or was last known to be; `undefined` if it has none. */
export function locationOf({ state }: PlacedChild): ChildLocation | undefined {
  return 'at' in state ? state.at : undefined;
}

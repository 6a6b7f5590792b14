import type { NodeSelector } from './node-selection.js';
import type { ChildLocation, SentChildSpec } from './supervision-protocol.js';

/** The functions that settle a caller's request to start or stop a child. */
export interface ChildRequest {
  /** @param location where the child runs; absent after a stop */
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

/**
 * The process of a child may have ended: its node is not connected, or has not reported its children yet. The process
 * counts as ended from `dueAt` on.
 */
interface LostState {
  readonly type: 'lost';
  readonly at: ChildLocation;
  /**
   * When the child may start elsewhere, ms of the monotonic clock. Infinity: not before its node has reported its
   * children, or is lost.
   */
  readonly dueAt: number;
}

/** One child of a distributed supervisor, as its leader knows it. */
export interface PlacedChild {
  readonly id: string;
  readonly spec: SentChildSpec;
  /** The child's own selector; `undefined`: the selector of the supervisor decides. */
  readonly nodeSelector: NodeSelector | undefined;
  readonly state: ChildState;
  /** Whether the child should run. */
  isWanted: boolean;
  /** Whether the current process must end before the child can start again. */
  mustStop: boolean;
  /** Whether the supervisor starts for the first time, and this child of its options has not run yet. */
  isInitial: boolean;
  restarts: number;
  /** The earliest time of the next start, ms of the monotonic clock. */
  notBefore: number;
  /**
   * When a start first failed because another process had the global name of the child, ms of the monotonic clock.
   * `undefined`: no start has failed for this reason since the child last ran.
   */
  nameTakenAt: number | undefined;
  /** The node on which the child ran last; `undefined`: it has not run yet. */
  lastNode: string | undefined;
  /**
   * The node on which the process of the child has just ended. The child restarts there if the node can run it.
   * `undefined`: the selector chooses the node.
   */
  preferredNode: string | undefined;
  /** The nodes that cannot run the child, with the reasons. Emptied when the child runs. */
  readonly unusableNodes: Map<string, Error>;
  /** The request that waits until the child runs; `undefined` if there is none. */
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
  /** The starting children, by the numbers of their placements. */
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

  /** Returns the child that has this process; `undefined` if there is none. */
  ofProcess(life: string, processId: string): PlacedChild | undefined {
    return this.#byProcess.get(`${life}/${processId}`);
  }

  /** Returns the child that starts on this node by the placement with this number; `undefined` if there is none. */
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

/**
 * Whether a child is lost although its node is connected: the node has yet to report whether it still runs the child.
 */
export function isAwaited(child: PlacedChild): child is PlacedChild & { readonly state: LostState } {
  return child.state.type === 'lost' && child.state.dueAt === Number.POSITIVE_INFINITY;
}

/** Rejects the request that waits until a child runs, if there is one. */
export function rejectStart(child: PlacedChild, error: Error): void {
  child.onStarted?.reject(error);
  child.onStarted = undefined;
}

/** The location of the process of a child; the last known one if the child is lost. `undefined`: down or starting. */
export function locationOf({ state }: PlacedChild): ChildLocation | undefined {
  return 'at' in state ? state.at : undefined;
}

import { type Clock, MAX_TIMER_MS, type Timer } from '../clock.js';
import {
  ClusterNotStartedError,
  codeOf,
  InvalidArgumentError,
  messageOf,
  NodeNotConnectedError,
  NodeNotFoundError,
  NodeTimeoutError,
  RemoteError,
} from '../errors.js';
import { clip, encode, validName } from './codec.js';
import type { Peer, RequestFrame, Role, RpcFrame } from './frames.js';
import { Listeners } from './listeners.js';
import type { NodeId } from './node-id.js';

/**
 * A node with this many unsent bytes gets no more answers. A node that repeats its requests at each time-out,
 * over a link that is slower than that, would fill the memory of this node.
 */
const MAX_UNSENT_BYTES = 32 * 1024 * 1024;

/** Answers a request; an error that it throws is returned with its message and code, without the stack. */
export type RequestHandler = (body: unknown, from: NodeId) => unknown;
/** Which peers may call a method. */
export type Access = 'members' | 'public';
export type NotifyHandler = (body: unknown, from: NodeId) => unknown;

/** Requests and notifications between nodes. Bodies are plain data, and Date, Map, Set, bigint, Error, `undefined`. */
export interface Rpc {
  /**
   * Rejects with `NodeTimeoutError`; with `NodeNotConnectedError` where there is no link, or it is lost meanwhile; with
   * `NodeNotFoundError` where there is no such other node; with `RemoteError` when the handler over there threw, or
   * there is none; with `InvalidArgumentError` for a body that cannot travel; with `ClusterNotStartedError` when the
   * cluster does not run, or stops meanwhile.
   */
  request(nodeId: NodeId, method: string, body: unknown, timeoutMs: number): Promise<unknown>;
  /**
   * Answers requests, in this run of the cluster and later ones. Returns what ends it. `access`: whether observers may
   * call it as well as members; such a method must change nothing.
   *
   * @throws InvalidArgumentError if the method has a handler already
   */
  handle(method: string, handler: RequestHandler, access?: Access): () => void;
  /** Whether that connected node or observer has announced the feature. */
  supports(nodeId: NodeId, feature: string): boolean;
  /** Whether that node takes what it is sent: otherwise {@link Rpc.notify} would leave it out. */
  hasRoom(nodeId: NodeId): boolean;
  /**
   * A notification without an answer, encoded once for all targets. Nodes without a link miss it, and so do nodes that
   * have not taken what they were sent before: no queue of notifications grows behind a slow reader.
   *
   * @returns to which nodes it was sent
   * @throws InvalidArgumentError for a body that cannot travel
   */
  notify(to: NodeId | readonly NodeId[], topic: string, body: unknown): readonly NodeId[];
  /**
   * A notification to every connected member and every observer, encoded once. As with {@link Rpc.notify}, those
   * without room miss it.
   *
   * @throws InvalidArgumentError for a body that cannot travel
   */
  publish(topic: string, body: unknown): void;
  /** Returns a function that removes the handler. A handler that throws does not stop another. */
  onNotify(topic: string, handler: NotifyHandler): () => void;
}

/** The sender of a request: an observer may end, and a node come under the same id, before there is an answer. */
export interface Requester extends Peer {
  readonly role: Role;
}

/** What requests need of the node. */
interface RpcNode {
  supports(id: NodeId, feature: string): boolean;
  member(id: NodeId): unknown;
  /** Whether there is a connection to send it on. */
  sendEncoded(to: NodeId | Requester, text: string): boolean;
  publishEncoded(text: string): void;
  /** How much of what was sent to that node it has not taken yet, bytes. */
  backlog(id: NodeId): number;
  /** Whether that node takes what it is sent, and so may be notified. */
  hasRoom(id: NodeId): boolean;
}

export interface RpcOptions {
  readonly clock: Clock;
  readonly onError: (error: Error) => void;
  /** `undefined` when the cluster does not run. */
  readonly node: () => RpcNode | undefined;
}

interface Pending {
  readonly nodeId: NodeId;
  readonly timer: Timer;
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: Error) => void;
}

/** {@link Rpc} with the methods for its owner. No promise outlives its time-out, its link or the cluster. */
export class RpcEndpoint implements Rpc {
  readonly #options: RpcOptions;
  readonly #handlers = new Map<string, { readonly answer: RequestHandler; readonly access: Access }>();
  readonly #topics = new Map<string, Listeners<[unknown, NodeId]>>();
  readonly #pending = new Map<number, Pending>();
  #lastId = 0;

  constructor(options: RpcOptions) {
    this.#options = options;
  }

  async request(nodeId: NodeId, method: string, body: unknown, timeoutMs: number): Promise<unknown> {
    const { clock, node } = this.#options;
    requireName('method', method);
    if (!(timeoutMs > 0 && timeoutMs <= MAX_TIMER_MS)) {
      throw new InvalidArgumentError('timeoutMs', `more than 0 and at most ${MAX_TIMER_MS}`, timeoutMs);
    }
    const running = node();
    if (running === undefined) throw new ClusterNotStartedError();
    if (running.member(nodeId) === undefined) throw new NodeNotFoundError(nodeId);
    const id = ++this.#lastId;
    const text = encode({ type: 'request', id, method, body });
    return new Promise((resolve, reject) => {
      const timer = clock.setTimeout(() => {
        this.#settle(id)?.reject(new NodeTimeoutError(nodeId, timeoutMs));
      }, timeoutMs);
      // Before it is sent: nothing may come back for a request that is not known.
      this.#pending.set(id, { nodeId, timer, resolve, reject });
      if (!running.sendEncoded(nodeId, text)) this.#settle(id)?.reject(new NodeNotConnectedError(nodeId));
    });
  }

  handle(method: string, answer: RequestHandler, access: Access = 'members'): () => void {
    requireName('method', method);
    if (this.#handlers.has(method))
      throw new InvalidArgumentError('method', 'a method without a handler; end the one it has first', method);
    const handler = { answer, access };
    this.#handlers.set(method, handler);
    return () => {
      if (this.#handlers.get(method) === handler) this.#handlers.delete(method);
    };
  }

  /**
   * Whether observers may call this. A method that is not known here is one of a later version, and answered as such.
   */
  isPublic(method: string): boolean {
    return this.#handlers.get(method)?.access !== 'members';
  }

  notify(to: NodeId | readonly NodeId[], topic: string, body: unknown): readonly NodeId[] {
    requireName('topic', topic);
    const node = this.#options.node();
    if (node === undefined) return [];
    const text = encode({ type: 'notify', topic, body });
    const targets = typeof to === 'string' ? [to] : to;
    return targets.filter((id) => node.hasRoom(id) && node.sendEncoded(id, text));
  }

  publish(topic: string, body: unknown): void {
    requireName('topic', topic);
    this.#options.node()?.publishEncoded(encode({ type: 'notify', topic, body }));
  }

  supports(nodeId: NodeId, feature: string): boolean {
    return this.#options.node()?.supports(nodeId, feature) ?? false;
  }

  hasRoom(nodeId: NodeId): boolean {
    return this.#options.node()?.hasRoom(nodeId) ?? false;
  }

  onNotify(topic: string, handler: NotifyHandler): () => void {
    requireName('topic', topic);
    const listeners = this.#topics.get(topic) ?? new Listeners<[unknown, NodeId]>(this.#options.onError);
    this.#topics.set(topic, listeners);
    return listeners.add(handler);
  }

  receive(from: Requester, frame: RpcFrame): void {
    switch (frame.type) {
      case 'request':
        this.#serve(from, frame);
        break;
      case 'reply':
        this.#settle(frame.id, from.id)?.resolve(frame.body);
        break;
      case 'failure':
        this.#settle(frame.id, from.id)?.reject(new RemoteError(from.id, frame.message, frame.code));
        break;
      case 'notify':
        this.#topics.get(frame.topic)?.emit(frame.body, from.id);
        break;
    }
  }

  /** The link with this node is over, whether or not there is another: what was requested over it stays unanswered. */
  linkEnded(nodeId: NodeId): void {
    for (const [id, pending] of [...this.#pending]) {
      if (pending.nodeId === nodeId) this.#settle(id)?.reject(new NodeNotConnectedError(nodeId));
    }
  }

  /** The cluster stops. Handlers stay, for the next start. */
  stop(): void {
    for (const id of [...this.#pending.keys()]) this.#settle(id)?.reject(new ClusterNotStartedError());
  }

  #serve(from: Requester, { id, method, body }: RequestFrame): void {
    if ((this.#options.node()?.backlog(from.id) ?? 0) >= MAX_UNSENT_BYTES) return;
    const handler = this.#handlers.get(method);
    if (handler === undefined) {
      const message = `the node has no handler for ${method}`;
      this.#answer(from, { type: 'failure', id, message, code: 'NOEX_NO_HANDLER' });
      return;
    }
    const succeed = (value: unknown) => this.#answer(from, { type: 'reply', id, body: value });
    const fail = (thrown: unknown) => this.#answer(from, failure(id, thrown));
    try {
      const result = handler.answer(body, from.id);
      if (result instanceof Promise) result.then(succeed, fail);
      else succeed(result);
    } catch (thrown) {
      fail(thrown);
    }
  }

  /** Only to the incarnation that sent the request: the next one numbers its own requests from the start. */
  #answer(to: Requester, frame: RpcFrame): void {
    this.#options.node()?.sendEncoded(to, encodeAnswer(frame));
  }

  /** The request is over. Late answers, and answers from another node, find nothing and are dropped. */
  #settle(id: number, from?: NodeId): Pending | undefined {
    const pending = this.#pending.get(id);
    if (pending === undefined || (from !== undefined && pending.nodeId !== from)) return undefined;
    this.#pending.delete(id);
    this.#options.clock.clearTimeout(pending.timer);
    return pending;
  }
}

/** A handler may return a value that is not data; the requesting node then receives that error. */
function encodeAnswer(frame: RpcFrame): string {
  try {
    return encode(frame);
  } catch (thrown) {
    return encode(failure('id' in frame ? frame.id : 0, thrown));
  }
}

function failure(id: number, thrown: unknown): RpcFrame {
  const code = validName(codeOf(thrown));
  return { type: 'failure', id, message: clip(messageOf(thrown)), ...(code === undefined ? {} : { code }) };
}

function requireName(field: string, name: string): void {
  if (validName(name) === undefined) {
    throw new InvalidArgumentError(field, 'a text of 1 to 200 printable characters', name);
  }
}

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
import { Listeners } from './event-listeners.js';
import type { Peer, RequestFrame, Role, RpcFrame } from './frames.js';
import type { NodeId } from './node-id.js';

/**
 * A request is dropped if at least this many bytes for its sender are unsent. Otherwise, a sender that has a slow link,
 * and repeats each request after a timeout, would fill the memory of this node with answers.
 */
const MAX_UNSENT_BYTES = 32 * 1024 * 1024;

/**
 * Answers a request: returns the answer, or a promise of it. If the handler throws or the promise rejects, the
 * requester receives the message and the code of the error, without the stack.
 */
export type RequestHandler = (body: unknown, from: NodeId) => unknown;
/** Which peers may call a method. `public`: observers as well as members. */
export type Access = 'members' | 'public';
/** Receives a notification. The returned value is ignored, but an error or a rejected promise is reported. */
export type NotifyHandler = (body: unknown, from: NodeId) => unknown;

/**
 * Requests and notifications between nodes. Bodies may have plain data, Date, Map, Set, bigint, Error and `undefined`.
 */
export interface Rpc {
  /**
   * Sends a request, and resolves to the answer. Rejects with:
   * - `NodeTimeoutError` if there is no answer within `timeoutMs`,
   * - `NodeNotConnectedError` if there is no link with the node, or the link is lost before the answer arrives,
   * - `NodeNotFoundError` if no other node with this id is known,
   * - `RemoteError` if the handler failed or returned a value that cannot be encoded, or if there is no handler,
   * - `InvalidArgumentError` for an invalid argument, or a body that cannot be encoded,
   * - `ClusterNotStartedError` if the cluster is not running, or stops before the answer arrives.
   */
  request(nodeId: NodeId, method: string, body: unknown, timeoutMs: number): Promise<unknown>;
  /**
   * Registers the handler of a method. The handler stays registered when the cluster stops and starts again. Returns a
   * function that removes it.
   *
   * @param access default `members`. A `public` method must not change anything: observers are read-only
   * @throws InvalidArgumentError if the name of the method is invalid, or the method already has a handler
   */
  handle(method: string, handler: RequestHandler, access?: Access): () => void;
  /** Whether the node or observer is connected and has announced the feature. */
  supports(nodeId: NodeId, feature: string): boolean;
  /**
   * Whether the node or observer is connected, and its backlog is small enough for notifications. {@link Rpc.notify}
   * skips nodes without room.
   */
  hasRoom(nodeId: NodeId): boolean;
  /**
   * Sends a notification, which has no answer. The notification is encoded once for all targets. Nodes without a link
   * and nodes without room are skipped, so that no queue of notifications grows for a slow reader.
   *
   * @returns the nodes to which it was sent; none while the cluster is not running
   * @throws InvalidArgumentError for an invalid topic, or a body that cannot be encoded
   */
  notify(to: NodeId | readonly NodeId[], topic: string, body: unknown): readonly NodeId[];
  /**
   * Sends a notification, encoded once, to every connected member and every observer. Peers without room are skipped.
   * Does nothing while the cluster is not running.
   *
   * @throws InvalidArgumentError for an invalid topic, or a body that cannot be encoded
   */
  publish(topic: string, body: unknown): void;
  /**
   * Adds a handler of a topic. Returns a function that removes it. A handler that throws does not affect the others.
   *
   * @throws InvalidArgumentError for an invalid topic
   */
  onNotify(topic: string, handler: NotifyHandler): () => void;
}

/**
 * The sender of a request. The id alone does not identify the sender: before the answer is sent, another incarnation
 * may have the id, or a member may have taken the id of an observer.
 */
export interface Requester extends Peer {
  readonly role: Role;
}

/** The methods of the node that {@link RpcEndpoint} uses. */
interface RpcNode {
  supports(id: NodeId, feature: string): boolean;
  member(id: NodeId): unknown;
  /** Sends an encoded frame. Returns whether there is a link to send it on. */
  sendEncoded(to: NodeId | Requester, text: string): boolean;
  publishEncoded(text: string): void;
  /** The data that was sent to a node but has not been transmitted yet, bytes. 0 if there is no link. */
  backlog(id: NodeId): number;
  /** Whether there is a link with the node, and its backlog is small enough for notifications. */
  hasRoom(id: NodeId): boolean;
}

export interface RpcOptions {
  readonly clock: Clock;
  /** Receives the errors of notification handlers. */
  readonly onError: (error: Error) => void;
  /** Returns this node; `undefined` while the cluster is not running. */
  readonly node: () => RpcNode | undefined;
}

/** A request that has no answer yet. */
interface Pending {
  readonly nodeId: NodeId;
  readonly timer: Timer;
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: Error) => void;
}

/**
 * Implements {@link Rpc}. Its owner must pass on received frames, ends of links, and the stop of the cluster. Every
 * request settles: with an answer, a timeout, the end of its link, or the stop of the cluster.
 */
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
      // Registered before it is sent, so that every answer finds its request.
      this.#pending.set(id, { nodeId, timer, resolve, reject });
      if (!running.sendEncoded(nodeId, text)) this.#settle(id)?.reject(new NodeNotConnectedError(nodeId));
    });
  }

  handle(method: string, answer: RequestHandler, access: Access = 'members'): () => void {
    requireName('method', method);
    if (this.#handlers.has(method))
      throw new InvalidArgumentError('method', 'a method that has no handler yet; remove its handler first', method);
    const handler = { answer, access };
    this.#handlers.set(method, handler);
    return () => {
      if (this.#handlers.get(method) === handler) this.#handlers.delete(method);
    };
  }

  /**
   * Whether observers may call a method. A request for a forbidden method ends the link with the observer. The result
   * is also `true` for an unknown method, because an observer of a later version may request it. The answer to such a
   * request is an error (`NOEX_NO_HANDLER`).
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

  /** Handles a frame from a peer. */
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

  /** Rejects the pending requests to a node, because their link has ended. No answer comes over another link. */
  linkEnded(nodeId: NodeId): void {
    for (const [id, pending] of [...this.#pending]) {
      if (pending.nodeId === nodeId) this.#settle(id)?.reject(new NodeNotConnectedError(nodeId));
    }
  }

  /** Rejects all pending requests, because the cluster stops. Handlers stay registered for the next start. */
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

  /**
   * Sends the answer only to the incarnation that sent the request. A later incarnation of that node may number its
   * requests from 1 again, and would mistake this answer for the answer to one of its own requests.
   */
  #answer(to: Requester, frame: RpcFrame): void {
    this.#options.node()?.sendEncoded(to, encodeAnswer(frame));
  }

  /**
   * Removes and returns a pending request. Returns `undefined` for a late answer, or an answer that does not come from
   * the node that was asked.
   */
  #settle(id: number, from?: NodeId): Pending | undefined {
    const pending = this.#pending.get(id);
    if (pending === undefined || (from !== undefined && pending.nodeId !== from)) return undefined;
    this.#pending.delete(id);
    this.#options.clock.clearTimeout(pending.timer);
    return pending;
  }
}

/** Encodes an answer. If its body cannot be encoded, encodes the error of the encoder as the answer. */
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
    throw new InvalidArgumentError(field, 'a string of 1 to 200 printable characters', name);
  }
}

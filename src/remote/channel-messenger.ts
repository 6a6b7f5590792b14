import type { MessageSender } from '../../streams/events.js';
import { asError, LinkOverloadedError, MessageRefusedError, NodeNotConnectedError } from '../errors.js';
import type { RemoteCall, RemoteCaller } from '../process/envelope.js';
import type { Flag } from './channel-items.js';
import { decodeFailure, encodeFailure, encodeHandlerFailure, type SentFailure } from './encode-failure.js';
import type { Outbox } from './outbox.js';
import type { ChannelEnd, ChannelPorts } from './remote-ports.js';

/** The most calls and other requests to one node that may be unanswered at the same time. */
const MAX_OPEN_CALLS = 65_536;

/** Sends and receives the messages of one channel, and the answers to calls. */
export class ChannelMessenger {
  readonly #end: ChannelEnd;
  readonly #ports: ChannelPorts;
  readonly #outbox: Outbox;
  /** The unanswered calls and other requests of this node, by number. */
  readonly #calls = new Map<number, RemoteCaller>();

  constructor(end: ChannelEnd, ports: ChannelPorts, outbox: Outbox) {
    this.#end = end;
    this.#ports = ports;
    this.#outbox = outbox;
  }

  get isOpen(): boolean {
    return this.#end.isOpen;
  }

  /** The current time, ms of the monotonic clock. */
  now(): number {
    return this.#ports.now();
  }

  /** @throws LinkOverloadedError, NotSerializableError */
  send(kind: 'cast' | 'info', to: string, message: unknown, sender: string | undefined): void {
    this.#outbox.checkRoom();
    const { text, isAnnotated } = this.#ports.bodies.encode(message, 'message');
    this.#outbox.add(`["${kind}",${JSON.stringify(to)},${text},${isAnnotated ? 1 : 0},${senderText(sender)}]`);
  }

  /** @throws as {@link send} does */
  call(to: string, message: unknown, sender: string | undefined, call: RemoteCall, timeoutMs: number): void {
    this.#checkCalls();
    this.#outbox.checkRoom();
    const { text, isAnnotated } = this.#ports.bodies.encode(message, 'message');
    const number = this.#ports.nextNumber();
    call.enter(this.#calls, number);
    const target = `${number},${JSON.stringify(to)}`;
    const deadline = timeoutMs === Number.POSITIVE_INFINITY ? 0 : timeoutMs;
    this.#outbox.add(`["call",${target},${text},${isAnnotated ? 1 : 0},${senderText(sender)},${deadline}]`);
  }

  /** Removes a call that has not been sent yet. Returns whether it was removed. */
  withdraw(call: RemoteCall): boolean {
    return this.#calls.get(call.number) === call && this.#outbox.remove(`["call",${call.number},`);
  }

  /**
   * Sends an item that contains a new request number. The other node answers it as it answers a call. Returns a promise
   * of that answer, which rejects with the error in the answer, or with NodeNotConnectedError when the channel ends.
   *
   * @throws LinkOverloadedError
   */
  request(itemWith: (number: number) => string): Promise<unknown> {
    this.#checkCalls();
    this.#outbox.checkRoom();
    return new Promise((resolve, reject) => {
      const number = this.#ports.nextNumber();
      const settle = (): boolean => this.#calls.delete(number);
      const fail = (error: Error): unknown => settle() && reject(error);
      this.#calls.set(number, {
        isGone: false,
        reply: (value) => settle() && resolve(value),
        fail,
        failHandled: fail,
      });
      this.#outbox.add(itemWith(number));
    });
  }

  /** @throws ProtocolError for invalid annotations in the body */
  received(kind: 'cast' | 'info', to: string, body: unknown, annotated: Flag, from: string | 0): void {
    // A cast or info has no answer, so a refused one is dropped without an error, as if the mailbox were full.
    if (this.#refusal(kind, to) !== undefined) return;
    this.#ports.local.send(kind, to, this.#decode(body, annotated), this.#sender(from));
  }

  /** @throws ProtocolError for invalid annotations in the body */
  receivedCall(number: number, to: string, body: unknown, annotated: Flag, from: string | 0, deadlineMs: number): void {
    const reason = this.#refusal('call', to);
    if (reason !== undefined) this.refuse(number, reason);
    else this.#ports.local.call(to, this.#decode(body, annotated), this.caller(number, deadlineMs), this.#sender(from));
  }

  receivedReply(number: number, body: unknown, annotated: Flag): void {
    // There is no entry if the caller has stopped waiting. Then the reply is ignored.
    const call = this.#calls.get(number);
    call?.reply(this.#decode(body, annotated));
  }

  receivedFailure(number: number, failure: unknown): void {
    this.#calls.get(number)?.fail(decodeFailure(failure, this.#end.nodeId));
  }

  /**
   * Returns an object that sends the answer to a call or request of the other node, as long as the channel is open.
   *
   * @param deadlineMs how long the other node waits, ms; 0: without a limit
   */
  caller(number: number, deadlineMs = 0): RemoteCaller {
    return new PeerCaller(this, number, deadlineMs);
  }

  /** Answers that this node refuses the message. */
  refuse(number: number, reason: string): void {
    this.fail(number, { kind: 'refused', reason });
  }

  /** Fails all open calls and requests after the channel has ended. The other node may have handled them. */
  ended(): void {
    const { nodeId } = this.#end;
    for (const call of [...this.#calls.values()]) call.fail(new NodeNotConnectedError(nodeId, true));
    this.#calls.clear();
  }

  /** Why this node refuses a message, as text for its sender; `undefined` if it accepts the message. */
  #refusal(kind: 'call' | 'cast' | 'info', id: string): string | undefined {
    return this.#ports.refusal({ from: this.#end.nodeId, to: { id, name: this.#ports.local.nameOf(id) }, kind });
  }

  /** Sends the reply to a call of the other node. If the value cannot be encoded, sends that error as the failure. */
  reply(number: number, value: unknown): void {
    if (!this.#end.isOpen) return;
    try {
      const { text, isAnnotated } = this.#ports.bodies.encode(value, 'reply');
      this.#outbox.add(`["reply",${number},${text},${isAnnotated ? 1 : 0}]`);
    } catch (thrown) {
      this.fail(number, encodeFailure(asError(thrown)));
    }
  }

  /** Answers that the call or request has failed. Does nothing after the channel has ended. */
  fail(number: number, failure: SentFailure): void {
    if (this.#end.isOpen) this.#outbox.add(`["fail",${number},${JSON.stringify(failure)}]`);
  }

  #sender(id: string | 0): MessageSender | undefined {
    return id === 0 ? undefined : { id, nodeId: this.#end.nodeId };
  }

  #decode(body: unknown, annotated: Flag): unknown {
    return annotated === 1 ? this.#ports.bodies.decodeAnnotated(body) : body;
  }

  #checkCalls(): void {
    if (this.#calls.size >= MAX_OPEN_CALLS) throw new LinkOverloadedError(this.#end.nodeId, MAX_OPEN_CALLS, 'calls');
  }
}

/**
 * The caller of a call from another node. This is a class, because one is created for each received call, and an object
 * with closures would cost more.
 */
class PeerCaller implements RemoteCaller {
  readonly #messenger: ChannelMessenger;
  readonly #number: number;
  readonly #deadlineMs: number;
  /**
   * The time after which the caller certainly does not wait any more, ms of the monotonic clock. Counted from the first
   * reading of {@link PeerCaller.isGone}, because only calls that are not answered at once need it.
   */
  #expiresAt: number | undefined;

  constructor(messenger: ChannelMessenger, number: number, deadlineMs: number) {
    this.#messenger = messenger;
    this.#number = number;
    this.#deadlineMs = deadlineMs;
  }

  get isGone(): boolean {
    if (!this.#messenger.isOpen) return true;
    if (this.#deadlineMs === 0) return false;
    const now = this.#messenger.now();
    this.#expiresAt ??= now + this.#deadlineMs;
    return now >= this.#expiresAt;
  }

  reply(value: unknown): void {
    this.#messenger.reply(this.#number, value);
  }

  fail(error: Error): void {
    this.#messenger.fail(this.#number, encodeFailure(error));
  }

  failHandled(error: Error): void {
    this.#messenger.fail(this.#number, encodeHandlerFailure(error));
  }
}

/** The error for a message to a node whose version of noex has no messages between processes. */
export function notKnownThere(nodeId: string): MessageRefusedError {
  return new MessageRefusedError(nodeId, 'its version of noex has no messages between processes; upgrade it');
}

function senderText(sender: string | undefined): string {
  return sender === undefined ? '0' : JSON.stringify(sender);
}

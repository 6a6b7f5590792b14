import { asError, BehaviorNotRegisteredError, NodeTimeoutError } from '../errors.js';
import type { GenServerOptions } from '../process/gen-server-options.js';
import type { ProcessRef } from '../process/refs.js';
import type { RemoteStartOptions } from '../process/remote-processes.js';
import type { ChannelMessages } from './channel-messages.js';
import type { Outbox } from './outbox.js';
import type { Flag } from './peer-items.js';
import type { ChannelEnd, RemotePorts } from './remote-ports.js';

/** A start for the other side, until that confirms that it has the ref. */
interface HostedStart {
  /** `undefined`: it is under way. */
  ref?: ProcessRef;
}

/**
 * Starts of one channel, both ways. What the starter does not learn of is killed, so that no process is left that nobody knows:
 * when it gives up, and when the channel ends before it has confirmed.
 */
export class ChannelStarts {
  readonly #end: ChannelEnd;
  readonly #ports: RemotePorts;
  readonly #outbox: Outbox;
  readonly #messages: ChannelMessages;
  readonly #hosted = new Map<number, HostedStart>();

  constructor(end: ChannelEnd, ports: RemotePorts, outbox: Outbox, messages: ChannelMessages) {
    this.#end = end;
    this.#ports = ports;
    this.#outbox = outbox;
    this.#messages = messages;
  }

  /** Rejects as the other side does; with NodeTimeoutError, NotSerializableError, LinkOverloadedError, NodeNotConnectedError. */
  async start(behavior: string, args: unknown, { timeoutMs, ...options }: RemoteStartOptions): Promise<ProcessRef> {
    const { text, isAnnotated } = this.#ports.bodies.encode(args, 'args');
    const rest = `${text},${isAnnotated ? 1 : 0},${JSON.stringify(options)}`;
    let number = 0;
    let isOver = false;
    const reply = this.#messages.request((assigned) => {
      number = assigned;
      return `["start",${number},${JSON.stringify(behavior)},${rest}]`;
    });
    const timedOut = new Promise<never>((_resolve, reject) => {
      const cancel = this.#ports.after(timeoutMs, () => {
        isOver = true;
        this.#add('abort', number);
        reject(new NodeTimeoutError(this.#end.nodeId, timeoutMs));
      });
      reply.then(cancel, cancel);
    });
    const ref = (await Promise.race([reply, timedOut])) as ProcessRef;
    if (!isOver) this.#add('started', number);
    return Object.freeze({ id: ref.id, life: ref.life });
  }

  receivedStart(number: number, behavior: string, args: unknown, annotated: Flag, options: unknown): void {
    const reason = this.#ports.refusal({ from: this.#end.nodeId, to: { behavior }, kind: 'start' });
    if (reason !== undefined) {
      this.#messages.refuse(number, reason);
      return;
    }
    const hosted: HostedStart = {};
    this.#hosted.set(number, hosted);
    const received = annotated === 1 ? this.#ports.bodies.decodeAnnotated(args) : args;
    void this.#host(number, hosted, behavior, received, options);
  }

  /** The starter has the ref: the process is its own business. */
  receivedStarted(number: number): void {
    this.#hosted.delete(number);
  }

  receivedAbort(number: number): void {
    const hosted = this.#hosted.get(number);
    this.#hosted.delete(number);
    if (hosted?.ref !== undefined) this.#ports.local.kill(hosted.ref.id);
    // The starter still holds an entry for the answer.
    this.#messages.refuse(number, 'its starter gave up');
  }

  ended(): void {
    for (const number of [...this.#hosted.keys()]) this.receivedAbort(number);
  }

  async #host(number: number, hosted: HostedStart, name: string, args: unknown, options: unknown): Promise<void> {
    const caller = this.#messages.caller(number);
    try {
      const behavior = await this.#ports.behaviors.make(name, args);
      const ref = await this.#ports.local.start(behavior, optionsOf(options));
      if (this.#hosted.get(number) === hosted) {
        hosted.ref = ref;
        caller.reply(ref);
      } else this.#ports.local.kill(ref.id);
    } catch (thrown) {
      this.#hosted.delete(number);
      const isOther = thrown instanceof BehaviorNotRegisteredError && thrown.behaviorName !== name;
      caller.fail(isOther ? new Error(thrown.message) : asError(thrown));
    }
  }

  #add(kind: 'abort' | 'started', number: number): void {
    if (this.#end.isOpen) this.#outbox.add(JSON.stringify([kind, number]));
  }
}

/** What is wrong with an option is found at the start. */
function optionsOf(sent: unknown): GenServerOptions {
  const { name, initTimeout } = (typeof sent === 'object' && sent !== null ? sent : {}) as GenServerOptions;
  return { name, initTimeout };
}

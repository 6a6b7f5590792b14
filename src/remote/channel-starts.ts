import {
  AlreadyRegisteredError,
  asError,
  BehaviorNotRegisteredError,
  GlobalNameTimeoutError,
  NodeTimeoutError,
  ProtocolError,
} from '../errors.js';
import type { GenServerOptions } from '../process/gen-server-options.js';
import type { ProcessRef } from '../process/process-refs.js';
import type { RemoteStartOptions } from '../process/remote-processes.js';
import type { Flag } from './channel-items.js';
import type { ChannelMessenger } from './channel-messenger.js';
import type { Outbox } from './outbox.js';
import type { ChannelEnd, RemotePorts } from './remote-ports.js';
import { type BehaviorStart, startBehavior } from './start-behavior.js';

/**
 * The remote starts of one channel, in both directions. A process is killed if the starting node may not know its ref:
 * when that node stops waiting, or when the channel ends before the confirmation.
 */
export class ChannelStarts {
  readonly #end: ChannelEnd;
  readonly #ports: RemotePorts;
  readonly #outbox: Outbox;
  readonly #messenger: ChannelMessenger;
  /** The starts for the other node, by number, until they fail, or that node confirms that it has the ref. */
  readonly #hosted = new Map<number, BehaviorStart>();

  constructor(end: ChannelEnd, ports: RemotePorts, outbox: Outbox, messenger: ChannelMessenger) {
    this.#end = end;
    this.#ports = ports;
    this.#outbox = outbox;
    this.#messenger = messenger;
  }

  /**
   * Starts a process on the other node and confirms that its ref has arrived.
   *
   * Rejects with the error of the other node, or with NodeTimeoutError, NotSerializableError, LinkOverloadedError,
   * NodeNotConnectedError, or ProtocolError for an invalid answer.
   */
  async start(behavior: string, args: unknown, { timeoutMs, ...options }: RemoteStartOptions): Promise<ProcessRef> {
    const { text, isAnnotated } = this.#ports.bodies.encode(args, 'args');
    // JSON has no Infinity: it is sent as null.
    const { initTimeout } = options;
    const sent = { ...options, ...(initTimeout === Number.POSITIVE_INFINITY && { initTimeout: null }) };
    const rest = `${text},${isAnnotated ? 1 : 0},${JSON.stringify(sent)}`;
    let number = 0;
    let isOver = false;
    const reply = this.#messenger.request((assigned) => {
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
    const ref = refOf(await Promise.race([reply, timedOut]), this.#end);
    if (!isOver) this.#add('started', number);
    return ref;
  }

  /** Starts a process for the other node. @throws ProtocolError for a number in use, or for invalid annotations */
  receivedStart(number: number, behavior: string, args: unknown, annotated: Flag, options: unknown): void {
    const reason = this.#ports.refusal({ from: this.#end.nodeId, to: { behavior }, kind: 'start' });
    if (reason !== undefined) {
      this.#messenger.refuse(number, reason);
      return;
    }
    if (this.#hosted.has(number)) throw new ProtocolError('malformed', 'a request number that is already in use');
    const received = annotated === 1 ? this.#ports.bodies.decodeAnnotated(args) : args;
    void this.#host(number, behavior, received, optionsOf(options));
  }

  /** Forgets a start, because the other node has the ref. From now on, the process survives the end of the channel. */
  receivedStarted(number: number): void {
    this.#hosted.delete(number);
  }

  receivedAbort(number: number): void {
    const hosted = this.#hosted.get(number);
    this.#hosted.delete(number);
    hosted?.abort();
    // The other node still has an open request, which needs an answer.
    this.#messenger.refuse(number, 'the starting node stopped waiting');
  }

  ended(): void {
    for (const number of [...this.#hosted.keys()]) this.receivedAbort(number);
  }

  async #host(number: number, behavior: string, args: unknown, options: GenServerOptions): Promise<void> {
    const caller = this.#messenger.caller(number);
    const start = startBehavior(this.#ports, { behavior, args, options });
    this.#hosted.set(number, start);
    try {
      const ref = await start.started;
      if (this.#hosted.get(number) === start) caller.reply(ref);
    } catch (thrown) {
      // If the starting node has stopped waiting, `receivedAbort` has answered its request already.
      if (this.#hosted.get(number) !== start) return;
      this.#hosted.delete(number);
      const isMissing = thrown instanceof BehaviorNotRegisteredError && thrown.behaviorName === behavior;
      if (isMissing || isAboutGlobalName(thrown, options)) caller.fail(thrown);
      else caller.failHandled(asError(thrown));
    }
  }

  #add(kind: 'abort' | 'started', number: number): void {
    if (this.#end.isOpen) this.#outbox.add(JSON.stringify([kind, number]));
  }
}

/** The start options as they are sent. `initTimeout: null` stands for Infinity. */
interface SentOptions {
  readonly name?: string;
  readonly initTimeout?: number | null;
  readonly registration?: 'global';
}

/** Converts the sent options. Does not check them, because every start of a GenServer checks its options. */
function optionsOf(sent: unknown): GenServerOptions {
  const { name, initTimeout, registration } = (typeof sent === 'object' && sent !== null ? sent : {}) as SentOptions;
  return { name, registration, initTimeout: initTimeout === null ? Number.POSITIVE_INFINITY : initTimeout };
}

/** Whether a start failed because the global name that it asked for was taken, or was not accepted in time. */
function isAboutGlobalName(thrown: unknown, { name, registration }: GenServerOptions): thrown is Error {
  if (registration !== 'global') return false;
  const isError = thrown instanceof AlreadyRegisteredError || thrown instanceof GlobalNameTimeoutError;
  return isError && thrown.registeredName === name;
}

/** Validates the ref in the answer to a start. @throws ProtocolError when it is not a ref of the other node's life */
function refOf(sent: unknown, { nodeId, life }: ChannelEnd): ProcessRef {
  const { id } = (typeof sent === 'object' && sent !== null ? sent : {}) as Partial<ProcessRef>;
  const isRef = typeof id === 'string' && (sent as Partial<ProcessRef>).life === life;
  if (!isRef) throw new ProtocolError('malformed', `node ${nodeId} answered a start with an invalid ref`);
  return Object.freeze({ id, life });
}

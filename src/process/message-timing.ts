import type { MessageSender, MessageTraced, UnstampedEvent } from '../../streams/events.js';
import type { AsyncContext } from '../async-context.js';
import type { Clock } from '../clock.js';
import { type Envelope, envelopeOf, PendingCall, type QueuedEnvelope, StopRequest, TimedEnvelope } from './envelope.js';
import { messageType } from './message-type.js';
import { type Sampler, Samples } from './sampler.js';
import type { Scheduler } from './scheduler.js';

/** What timing needs of the runtime. */
export interface MessageTimingHost {
  readonly clock: Clock;
  readonly scheduler: Scheduler;
  readonly sampler: Sampler;
  /** How long a handler may block the event loop before a `loop_blocked` event, ms. */
  readonly loopBlockedMs: number;
  emit(event: UnstampedEvent): void;
  nameOf(id: string): string | undefined;
}

/** Times the messages of one process: for its latency, for traces, and to detect a handler that blocks the event loop. */
export class MessageTiming {
  readonly #host: MessageTimingHost;
  readonly #id: string;
  /** `undefined` until a message is measured: many processes are idle. */
  #samples: Samples | undefined;
  #tracers = 0;
  #tracedSince = Number.POSITIVE_INFINITY;

  constructor(host: MessageTimingHost, id: string) {
    this.#host = host;
    this.#id = id;
  }

  /** ms of the monotonic clock */
  now(): number {
    return this.#host.clock.monotonic();
  }

  /**
   * Emits a `message` event for each message of this process until the returned function is called, which
   * returns whether a trace is left.
   */
  trace(): () => boolean {
    if (this.#tracers === 0) this.#tracedSince = this.now();
    this.#tracers += 1;
    return () => {
      this.#tracers -= 1;
      if (this.#tracers === 0) this.#tracedSince = Number.POSITIVE_INFINITY;
      return this.#tracers > 0;
    };
  }

  /** Notes when a message came; it is part of the latency if it `isDue`. A request to stop is no message. */
  envelopeFor(envelope: Envelope, isDue: boolean, context?: AsyncContext, from?: MessageSender): QueuedEnvelope {
    return envelope instanceof StopRequest
      ? envelope
      : new TimedEnvelope(envelope, this.now(), isDue ? this.#host.sampler.weight : 0, context, senderOf(from));
  }

  /** Called when a handler has returned after `ms`, with a value, a promise or an error. */
  returned(message: unknown, ms: number): void {
    if (ms < this.#host.loopBlockedMs) return;
    this.#host.scheduler.markExplained(ms);
    this.emitLoopBlocked(ms, messageType(message));
  }

  /** Called when a message is fully handled, including everything its handler awaited. */
  completed(
    message: unknown,
    entry: QueuedEnvelope,
    begun: number,
    handleMs: number,
    outcome: MessageTraced['outcome'],
  ): void {
    if (entry instanceof TimedEnvelope && entry.weight > 0) {
      this.#samples ??= new Samples();
      this.#samples.add(begun - entry.arrivedAt, handleMs, entry.weight);
    }
    if (begun < this.#tracedSince) return;
    const envelope = envelopeOf(entry);
    if (envelope instanceof StopRequest || envelope === 'continue') return;
    // A message that came before the trace began has waited since then.
    const since = entry instanceof TimedEnvelope ? Math.max(this.#tracedSince, entry.arrivedAt) : this.#tracedSince;
    this.#emit({
      type: 'message',
      id: this.#id,
      kind: envelope instanceof PendingCall ? 'call' : envelope,
      waitMs: begun - since,
      handleMs,
      outcome,
      messageType: messageType(message),
      ...(entry instanceof TimedEnvelope && entry.from !== undefined && { from: entry.from }),
    });
  }

  /** What was measured since the last time, as `messages_handled` has it; `undefined`: nothing. */
  takeSamples(): readonly number[] | undefined {
    return this.#samples?.take();
  }

  /** Emits `loop_blocked`. `type` is that of the message, where it is known. */
  emitLoopBlocked(ms: number, type?: string): void {
    const name = this.#host.nameOf(this.#id);
    this.#emit({
      type: 'loop_blocked',
      id: this.#id,
      ...(name !== undefined && { name }),
      ...(type !== undefined && { messageType: type }),
      ms,
    });
  }

  /** What listeners do synchronously is not work of this process. */
  #emit(event: UnstampedEvent): void {
    const begun = this.now();
    this.#host.emit(event);
    this.#host.scheduler.markExplained(this.now() - begun);
  }
}

/** Plain data: a process is more than a sender. */
function senderOf(current: MessageSender | undefined): MessageSender | undefined {
  if (current === undefined) return undefined;
  const { id, nodeId } = current;
  return nodeId === undefined ? { id } : { id, nodeId };
}

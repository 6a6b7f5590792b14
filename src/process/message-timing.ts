import type { MessageSender, MessageTraced, UnstampedEvent } from '../../streams/events.js';
import type { AsyncContext } from '../async-context.js';
import type { Clock } from '../clock.js';
import { type Envelope, envelopeOf, PendingCall, type QueuedEnvelope, StopRequest, TimedEnvelope } from './envelope.js';
import { messageType } from './message-type.js';
import { type Sampler, Samples } from './sampler.js';
import type { Scheduler } from './scheduler.js';

/** The parts of the runtime that MessageTiming uses. */
export interface MessageTimingHost {
  readonly clock: Clock;
  readonly scheduler: Scheduler;
  readonly sampler: Sampler;
  /** How long a handler may block the event loop before a `loop_blocked` event is emitted, ms. */
  readonly loopBlockedMs: number;
  emit(event: UnstampedEvent): void;
  nameOf(id: string): string | undefined;
}

/**
 * Measures how long the messages of one process wait and are handled: for latency statistics, for traces, and to detect
 * handlers that block the event loop.
 */
export class MessageTiming {
  readonly #host: MessageTimingHost;
  readonly #id: string;
  /** Created with the first sample, because many processes are idle. */
  #samples: Samples | undefined;
  /** The number of open traces. */
  #tracers = 0;
  /** When the first of the open traces began, ms of the monotonic clock. Infinity: no trace is open. */
  #tracedSince = Number.POSITIVE_INFINITY;

  constructor(host: MessageTimingHost, id: string) {
    this.#host = host;
    this.#id = id;
  }

  /** The current time, ms of the monotonic clock. */
  now(): number {
    return this.#host.clock.monotonic();
  }

  /**
   * Emits one `message` event per message until the returned function is called. That function returns whether another
   * trace is still open.
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

  /**
   * Adds the arrival time to the envelope of a message. With `isDue`, the message is part of the latency statistics. A
   * stop request is not a message and is returned unchanged.
   */
  envelopeFor(envelope: Envelope, isDue: boolean, context?: AsyncContext, from?: MessageSender): QueuedEnvelope {
    return envelope instanceof StopRequest
      ? envelope
      : new TimedEnvelope(envelope, this.now(), isDue ? this.#host.sampler.weight : 0, context, senderOf(from));
  }

  /** Emits `loop_blocked` if `ms`, the time until a handler returned or threw, is `loopBlockedMs` or more. */
  handlerReturned(message: unknown, ms: number): void {
    if (ms < this.#host.loopBlockedMs) return;
    this.#host.scheduler.markExplained(ms);
    this.emitLoopBlocked(ms, messageType(message));
  }

  /**
   * Records the times of a completely handled message for the statistics and for traces.
   *
   * @param begun when the handler was called, ms of the monotonic clock
   * @param handleMs how long the handler took, ms; for an async handler, until its promise settled
   */
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
    // For a message that arrived before the trace began, the wait is measured from the beginning of the trace.
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

  /** Returns the samples since the last call, in the format of `messages_handled`; `undefined` if there are none. */
  takeSamples(): readonly number[] | undefined {
    return this.#samples?.take();
  }

  /** Emits `loop_blocked`. `type` is the type of the message, if it is known. */
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

  /** Emits an event. The time that its listeners take does not count as blocking by this process. */
  #emit(event: UnstampedEvent): void {
    const begun = this.now();
    this.#host.emit(event);
    this.#host.scheduler.markExplained(this.now() - begun);
  }
}

/** Copies only the fields of a sender: the current sender may be a whole process. */
function senderOf(current: MessageSender | undefined): MessageSender | undefined {
  if (current === undefined) return undefined;
  const { id, nodeId } = current;
  return nodeId === undefined ? { id } : { id, nodeId };
}

import mitt, { type Emitter } from 'mitt';
import type { RuntimeEvent, UnstampedEvent } from '../../streams/events.js';
import type { Moment } from '../../streams/moment.js';
import type { Clock } from '../clock.js';
import { isolated } from '../errors.js';

type EventsByType = { [Type in RuntimeEvent['type']]: Extract<RuntimeEvent, { type: Type }> };

/** The two clocks that each event gets its times `at` and `monotonic` from. */
type BusClock = Pick<Clock, 'now' | 'monotonic'>;

/** An event before and while the bus adds the sequence number and the times to it. */
type Stampable = UnstampedEvent & { seq?: number; at?: number; monotonic?: number };

/** Which events a listener of `subscribeTo` needs. An event that no listener and no recorder needs is discarded. */
interface EventFilter {
  readonly types: ReadonlySet<string>;
  /** Whether the listener needs this event, which has one of the `types`. */
  wants(event: UnstampedEvent): boolean;
}

type Listener = (event: RuntimeEvent) => unknown;

/**
 * The event bus of one runtime. All listeners receive events in the order of emission. An event that a listener emits
 * waits until the current event has reached all listeners. An error in one listener is reported, and does not affect
 * the other listeners.
 */
export class Bus {
  readonly #emitter: Emitter<EventsByType> = mitt<EventsByType>();
  readonly #deliver: (drain: () => void) => void;
  readonly #clock: BusClock;
  readonly #freeze: (event: RuntimeEvent) => RuntimeEvent;
  readonly #onError: (error: unknown) => void;
  readonly #recorders = new Set<Listener>();
  #listeners = 0;
  /** The filters of the listeners of `subscribeTo`. */
  readonly #filters = new Set<EventFilter>();
  #seq = 0;
  #queue: RuntimeEvent[] = [];
  /** The times that `atOneMoment` read, if they are valid for the next event. `undefined`: the clocks must be read. */
  #moment: Moment | undefined;
  #draining = false;

  constructor(options: {
    /** Calls `drain`, which calls the listeners, at once, in the async context in which listeners run. */
    deliver: (drain: () => void) => void;
    clock: BusClock;
    /** Makes an event immutable before listeners receive it. */
    freeze: (event: RuntimeEvent) => RuntimeEvent;
    /** Receives the errors of listeners. Must not throw. */
    onError: (error: unknown) => void;
  }) {
    this.#deliver = options.deliver;
    this.#clock = options.clock;
    this.#freeze = options.freeze;
    this.#onError = options.onError;
  }

  /** Whether any listener or recorder receives all events. */
  get observed(): boolean {
    return this.#listeners > 0 || this.#recorders.size > 0;
  }

  /** The number of events emitted so far, without discarded events. It is the sequence number of the latest event. */
  get count(): number {
    return this.#seq;
  }

  /**
   * Emits an event, or discards it if no listener and no recorder needs it. The object passed in becomes the event
   * itself, so the caller must not use it afterwards.
   */
  emit(unstamped: UnstampedEvent): void {
    if (!this.observed && !this.#isWanted(unstamped)) return;
    this.#seq += 1;
    // Stamped in place: copying each event would dominate the cost of emit().
    const stamped: Stampable = unstamped;
    stamped.seq = this.#seq;
    stamped.at = this.#moment?.timestamp ?? this.#clock.now();
    stamped.monotonic = this.#moment?.monotonic ?? this.#clock.monotonic();
    const event = stamped as RuntimeEvent;
    for (const record of this.#recorders) record(event);
    if (this.#listeners === 0 && !this.#isWanted(unstamped)) return;
    // Frozen, because all listeners and the model share this object.
    this.#queue.push(this.#freeze(event));
    if (!this.#draining) this.#deliver(this.#drain);
  }

  /**
   * Calls `emitAll`, which must not throw. The events that it emits get the same times until listeners run: reading the
   * clocks for each event would take too long.
   */
  atOneMoment(emitAll: () => void): void {
    this.#moment = { timestamp: this.#clock.now(), monotonic: this.#clock.monotonic() };
    emitAll();
    this.#moment = undefined;
  }

  #isWanted(event: UnstampedEvent): boolean {
    for (const { types, wants } of this.#filters) if (types.has(event.type) && wants(event)) return true;
    return false;
  }

  /** Subscribes to all events. Returns the unsubscribe function. */
  subscribe(listener: Listener): () => void {
    let subscribed = true;
    const callListener = isolated(listener, this.#onError);
    // mitt calls every listener that was subscribed when the delivery of the event began, even a listener that was
    // removed since.
    const handler = (_type: RuntimeEvent['type'], event: RuntimeEvent): void => {
      if (subscribed) callListener(event);
    };
    this.#emitter.on('*', handler);
    this.#listeners += 1;
    return () => {
      if (!subscribed) return;
      subscribed = false;
      this.#emitter.off('*', handler);
      this.#listeners -= 1;
    };
  }

  /**
   * Subscribes to events of some types. Returns the unsubscribe function. Events of other types have sequence numbers,
   * too, so those of the received events may have gaps.
   *
   * @param wants whether `listener` needs an event of these types. It only saves work: `listener` also receives an
   * event of these types that it does not need, if another listener needs that event
   */
  subscribeTo<Type extends RuntimeEvent['type']>(
    types: readonly Type[],
    listener: (event: EventsByType[Type]) => unknown,
    wants: (event: UnstampedEvent) => boolean = () => true,
  ): () => void {
    let subscribed = true;
    const callListener = isolated(listener, this.#onError);
    const handler = (event: EventsByType[Type]): void => {
      if (subscribed) callListener(event);
    };
    const filter = { types: new Set<string>(types), wants };
    for (const type of types) this.#emitter.on(type, handler);
    this.#filters.add(filter);
    return () => {
      if (!subscribed) return;
      subscribed = false;
      for (const type of types) this.#emitter.off(type, handler);
      this.#filters.delete(filter);
    };
  }

  /**
   * Calls `record` with each event at the moment of its emission, even while earlier events are still being delivered
   * to listeners. The model is a recorder, so that it is never behind. `record` must only store the event: it must not
   * throw, and must not emit. Returns the unsubscribe function.
   */
  record(record: Listener): () => void {
    this.#recorders.add(record);
    return () => void this.#recorders.delete(record);
  }

  readonly #drain = (): void => {
    this.#draining = true;
    // Time passes while listeners run, so all later events get new times.
    this.#moment = undefined;
    for (let at = 0; at < this.#queue.length; at += 1) {
      const event = this.#queue[at] as RuntimeEvent;
      this.#emitter.emit(event.type, event as never);
    }
    this.#queue = [];
    this.#draining = false;
  };
}

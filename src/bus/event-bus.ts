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

/** Which events a listener of `subscribeTo` receives. */
interface EventFilter {
  readonly types: ReadonlySet<string>;
  wants(event: UnstampedEvent): boolean;
}

type Listener = (event: RuntimeEvent) => unknown;

/**
 * The event bus of one runtime. Every listener receives every event in the order of emission: an event that a listener emits
 * waits until the current event has reached all listeners. An error in one listener is reported, and does not affect the
 * other listeners.
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
  /** The times for all events that are emitted during `atOneMoment`. `undefined` outside `atOneMoment`. */
  #moment: Moment | undefined;
  #draining = false;

  constructor(options: {
    /** Calls `drain`, which calls the listeners, in the async context in which listeners run. */
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

  /** The number of events emitted so far. */
  get count(): number {
    return this.#seq;
  }

  /** Emits an event. The object passed in becomes the event itself, so the caller must not use it afterwards. */
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

  /** Calls `emitAll`, and gives all events that it emits the same times. Reading the clocks once saves time. */
  atOneMoment(emitAll: () => void): void {
    this.#moment = { timestamp: this.#clock.now(), monotonic: this.#clock.monotonic() };
    emitAll();
    this.#moment = undefined;
  }

  #isWanted(event: UnstampedEvent): boolean {
    for (const { types, wants } of this.#filters) if (types.has(event.type) && wants(event)) return true;
    return false;
  }

  subscribe(listener: Listener): () => void {
    let subscribed = true;
    const callListener = isolated(listener, this.#onError);
    // mitt calls every listener that was subscribed when the delivery of the event began, even a listener that was removed since.
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
   * Subscribes to events of some types. If there are no other listeners, an event that no filter accepts is not delivered, and
   * costs almost nothing. The sequence numbers of the received events therefore have gaps.
   *
   * @param wants a further filter that only saves work: an event of a matching type that this filter does not accept is still
   * delivered to `listener` if another listener needs the event
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
   * Calls `record` with each event at the moment of its emission, even while earlier events are still being delivered to
   * listeners. The model is a recorder, so that it is never behind. `record` must only store the event: it must not throw, and
   * must not emit. Returns the unsubscribe function.
   */
  record(record: Listener): () => void {
    this.#recorders.add(record);
    return () => void this.#recorders.delete(record);
  }

  readonly #drain = (): void => {
    this.#draining = true;
    // Time passes while listeners run, so the events that they emit get new times.
    this.#moment = undefined;
    for (let at = 0; at < this.#queue.length; at += 1) {
      const event = this.#queue[at] as RuntimeEvent;
      this.#emitter.emit(event.type, event as never);
    }
    this.#queue = [];
    this.#draining = false;
  };
}

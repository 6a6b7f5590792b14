import mitt, { type Emitter } from 'mitt';
import type { RuntimeEvent, UnstampedEvent } from '../../streams/events.js';
import type { Moment } from '../../streams/moment.js';
import type { Clock } from '../clock.js';
import { isolated } from '../errors.js';

type EventsByType = { [Type in RuntimeEvent['type']]: Extract<RuntimeEvent, { type: Type }> };

/** Where the stamps of events come from. */
type BusClock = Pick<Clock, 'now' | 'monotonic'>;

/** An event that gets its stamp. */
type Stampable = UnstampedEvent & { seq?: number; at?: number; monotonic?: number };

/** What a listener of some events wants. */
interface Interest {
  readonly types: ReadonlySet<string>;
  wants(fact: UnstampedEvent): boolean;
}

type Listener = (event: RuntimeEvent) => unknown;

/**
 * The events of one runtime. Every listener sees every event in the order of emission: an event emitted by a listener waits
 * until the current one has reached all listeners. A listener that throws is reported and does not affect the others.
 */
export class Bus {
  readonly #emitter: Emitter<EventsByType> = mitt<EventsByType>();
  readonly #deliver: (drain: () => void) => void;
  readonly #clock: BusClock;
  readonly #freeze: (event: RuntimeEvent) => RuntimeEvent;
  readonly #onError: (error: unknown) => void;
  readonly #recorders = new Set<Listener>();
  #listeners = 0;
  /** Of the listeners that want some events only. */
  readonly #interests = new Set<Interest>();
  #seq = 0;
  #queue: RuntimeEvent[] = [];
  /** The stamp of the events that are emitted now, where one reading of the clocks is for several. */
  #moment: Moment | undefined;
  #draining = false;

  /**
   * `deliver` calls what it is given, which calls the listeners, where these are to run. `freeze` makes an event immutable
   * before they get it. `onError` gets what they throw, and must not throw.
   */
  constructor(options: {
    deliver: (drain: () => void) => void;
    clock: BusClock;
    freeze: (event: RuntimeEvent) => RuntimeEvent;
    onError: (error: unknown) => void;
  }) {
    this.#deliver = options.deliver;
    this.#clock = options.clock;
    this.#freeze = options.freeze;
    this.#onError = options.onError;
  }

  /** Whether anything listens. Without a listener, an event need not be made. */
  get observed(): boolean {
    return this.#listeners > 0 || this.#recorders.size > 0;
  }

  /** How many events there have been. */
  get count(): number {
    return this.#seq;
  }

  /** Takes `fact` over: it is the event from now on. */
  emit(fact: UnstampedEvent): void {
    if (!this.observed && !this.#isWanted(fact)) return;
    this.#seq += 1;
    // Stamped in place: copying each event would dominate the cost of emit().
    const stamped: Stampable = fact;
    stamped.seq = this.#seq;
    stamped.at = this.#moment?.timestamp ?? this.#clock.now();
    stamped.monotonic = this.#moment?.monotonic ?? this.#clock.monotonic();
    const event = stamped as RuntimeEvent;
    for (const record of this.#recorders) record(event);
    if (this.#listeners === 0 && !this.#isWanted(fact)) return;
    // All listeners, and the folds that are still to come, get the same object: none of them may change it.
    this.#queue.push(this.#freeze(event));
    if (!this.#draining) this.#deliver(this.#drain);
  }

  /** Calls `emitAll`: the events that it emits happened at one moment, and the clocks are read once. */
  atOneMoment(emitAll: () => void): void {
    this.#moment = { timestamp: this.#clock.now(), monotonic: this.#clock.monotonic() };
    emitAll();
    this.#moment = undefined;
  }

  #isWanted(fact: UnstampedEvent): boolean {
    for (const { types, wants } of this.#interests) if (types.has(fact.type) && wants(fact)) return true;
    return false;
  }

  subscribe(listener: Listener): () => void {
    let subscribed = true;
    const hear = isolated(listener, this.#onError);
    // mitt continues with the listeners that were there when the event began; a removed listener must not be called.
    const handler = (_type: RuntimeEvent['type'], event: RuntimeEvent): void => {
      if (subscribed) hear(event);
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
   * As {@link subscribe}, for events of some types only, and of those for the ones that it `wants`: without other listeners,
   * all other events cost nothing. With other listeners, those it does not want may come as well. `seq` has gaps.
   */
  subscribeTo<Type extends RuntimeEvent['type']>(
    types: readonly Type[],
    listener: (event: EventsByType[Type]) => unknown,
    wants: (fact: UnstampedEvent) => boolean = () => true,
  ): () => void {
    let subscribed = true;
    const hear = isolated(listener, this.#onError);
    const handler = (event: EventsByType[Type]): void => {
      if (subscribed) hear(event);
    };
    const interest = { types: new Set<string>(types), wants };
    for (const type of types) this.#emitter.on(type, handler);
    this.#interests.add(interest);
    return () => {
      if (!subscribed) return;
      subscribed = false;
      for (const type of types) this.#emitter.off(type, handler);
      this.#interests.delete(interest);
    };
  }

  /**
   * For a fold that must never be behind: `record` is called at the moment of emission, even while earlier events are
   * still on their way to the listeners. It may only write the event down; it must neither throw nor emit.
   */
  record(record: Listener): () => void {
    this.#recorders.add(record);
    return () => void this.#recorders.delete(record);
  }

  readonly #drain = (): void => {
    this.#draining = true;
    // Listeners take their time, and what they emit happens after that.
    this.#moment = undefined;
    for (let at = 0; at < this.#queue.length; at += 1) {
      const event = this.#queue[at] as RuntimeEvent;
      this.#emitter.emit(event.type, event as never);
    }
    this.#queue = [];
    this.#draining = false;
  };
}

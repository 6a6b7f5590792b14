import type { Clock, Timer } from '../../clock.js';
import { type BackoffOptions, backoffDelayMs } from '../backoff.js';
import type { Broker } from './broker.js';
import { decodeMessage, encodeMessage, type Message } from './messages.js';
import type { Subjects } from './subjects.js';

/** How long a node waits for an answer before it asks again, ms. */
const ANSWER_MS = 2000;

/** How long a node waits for others that claim the name at the same moment, ms. */
const RIVALS_MS = 50;

/** The subject part of the node that holds a name. */
const HOLDER = 'holder';

interface IdClaimOptions {
  readonly broker: Broker;
  readonly clock: Clock;
  readonly subjects: Subjects;
  readonly backoff: BackoffOptions;
  readonly random: () => number;
  /**
   * For how long the holder of a name may be silent, ms. After that, the name counts as free: the connection of a dead node
   * may be open for minutes, and a living one that started first gets its name back.
   */
  readonly patienceMs: number;
  readonly name: string;
  readonly incarnation: number;
  readonly life: string;
  /** Called when this node has the name after it had to wait for it. */
  readonly onHeld: () => void;
  /** Called when another node has the name: this node waits, or has to give it up. */
  readonly onRefused: () => void;
  /** Called when another node has claimed the name of this one. */
  readonly onRival: () => void;
}

/**
 * Makes sure that only one node uses a name: the one that started first. A node asks the holder before it uses a name; the
 * broker reports when there is none. If two nodes still have the same name after that, because they started together, or
 * because two parts of a cluster of brokers were separated, the one with the larger incarnation gives it up.
 */
export class IdClaim {
  readonly #options: IdClaimOptions;
  readonly #unsubscribe: () => void;
  #unsubscribeHolder: (() => void) | undefined;
  #timer: Timer | undefined;
  #attempt = 0;
  #isAsking = false;
  /** Since when the holder of the name has not answered, ms of the monotonic clock. */
  #askedAt: number | undefined;
  /** Resolves the promise of {@link begin}; `undefined` after that. */
  #answerFirst: ((isHeld: boolean) => void) | undefined;

  constructor(options: IdClaimOptions) {
    const { broker, subjects, name, life } = options;
    this.#options = options;
    this.#unsubscribe = broker.subscribe(subjects.id(name, life), ({ payload, isBounce }) => {
      if (isBounce) this.#free();
      else if (decodeMessage(payload)?.type === 'taken') this.#taken();
    });
  }

  /** Claims the name. Resolves after the first attempt: whether this node has the name. If not, it tries again. */
  begin(): Promise<boolean> {
    return new Promise((resolve) => {
      this.#answerFirst = resolve;
      this.#ask();
    });
  }

  /** Another node has the name, too. @returns whether this node gives it up */
  yields(rival: { readonly incarnation: number; readonly life: string }): boolean {
    if (this.#goesFirst(rival)) return false;
    this.#taken();
    return true;
  }

  stop(): void {
    if (this.#timer !== undefined) this.#options.clock.clearTimeout(this.#timer);
    this.#unsubscribe();
    this.#unsubscribeHolder?.();
  }

  #ask(): void {
    const { broker, clock, subjects, name, life, patienceMs } = this.#options;
    this.#isAsking = true;
    if (broker.isConnected) broker.publish(subjects.id(name, HOLDER), this.#message('claim'), subjects.id(name, life));
    this.#askedAt ??= clock.monotonic();
    if (!broker.isConnected) this.#askedAt = undefined;
    this.#after(ANSWER_MS, () => {
      if (clock.monotonic() - (this.#askedAt ?? clock.monotonic()) >= patienceMs) this.#free();
      else this.#ask();
    });
  }

  /** No node has the name. */
  #free(): void {
    if (!this.#isAsking || this.#unsubscribeHolder !== undefined) return;
    const { broker, subjects, name, onHeld } = this.#options;
    this.#unsubscribeHolder = broker.subscribe(subjects.id(name, HOLDER), ({ payload }) => this.#claimed(payload));
    broker.publish(subjects.id(name, HOLDER), this.#message('claim'));
    this.#after(RIVALS_MS, () => {
      this.#isAsking = false;
      this.#askedAt = undefined;
      this.#attempt = 0;
      if (this.#answerFirst === undefined) onHeld();
      this.#endFirst(true);
    });
  }

  #endFirst(isHeld: boolean): void {
    this.#answerFirst?.(isHeld);
    this.#answerFirst = undefined;
  }

  /** Another node claims the name that this node holds, or is about to hold. */
  #claimed(payload: Uint8Array): void {
    const { broker, subjects, name, life, onRival } = this.#options;
    const message = decodeMessage(payload);
    if (message?.type !== 'claim' || message.life === life) return;
    if (this.#isAsking && !this.#goesFirst(message)) return;
    broker.publish(subjects.id(name, message.life), this.#message('taken'));
    onRival();
  }

  #taken(): void {
    if (!this.#isAsking && this.#unsubscribeHolder === undefined) return;
    const { backoff, random, onRefused } = this.#options;
    this.#unsubscribeHolder?.();
    this.#unsubscribeHolder = undefined;
    this.#isAsking = false;
    this.#askedAt = undefined;
    onRefused();
    this.#endFirst(false);
    this.#after(backoffDelayMs(this.#attempt, backoff, random), () => this.#ask());
    this.#attempt += 1;
  }

  #goesFirst({ incarnation, life }: { readonly incarnation: number; readonly life: string }): boolean {
    const own = this.#options;
    return own.incarnation === incarnation ? own.life < life : own.incarnation < incarnation;
  }

  #message(type: Extract<Message, { readonly life: string }>['type'] & ('claim' | 'taken')): Uint8Array {
    const { incarnation, life } = this.#options;
    return encodeMessage({ type, incarnation, life });
  }

  #after(ms: number, action: () => void): void {
    const { clock } = this.#options;
    if (this.#timer !== undefined) clock.clearTimeout(this.#timer);
    this.#timer = clock.setTimeout(() => {
      this.#timer = undefined;
      action();
    }, ms);
  }
}

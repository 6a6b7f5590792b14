import type { Clock, Timer } from '../../clock.js';
import type { NodeId } from '../node-id.js';

interface Question {
  readonly timer: Timer;
  readonly waiting: ((answered: boolean) => void)[];
}

/** Asks a linked node whether it is alive, and calls back with whether an answer came in time. */
export class Probes {
  readonly #questions = new Map<NodeId, Question>();
  readonly #clock: Clock;
  readonly #timeoutMs: number;

  constructor(clock: Clock, timeoutMs: number) {
    this.#clock = clock;
    this.#timeoutMs = timeoutMs;
  }

  /** @param send sends the question; called only if it is not under way already */
  ask(id: NodeId, send: () => void, then: (answered: boolean) => void): void {
    const question = this.#questions.get(id);
    if (question !== undefined) {
      question.waiting.push(then);
      return;
    }
    const timer = this.#clock.setTimeout(() => this.settle(id, false), this.#timeoutMs);
    this.#questions.set(id, { timer, waiting: [then] });
    send();
  }

  /** The node answered, or is known to be gone. */
  settle(id: NodeId, answered: boolean): void {
    const question = this.#questions.get(id);
    if (question === undefined) return;
    this.#questions.delete(id);
    this.#clock.clearTimeout(question.timer);
    for (const then of question.waiting) then(answered);
  }

  /** Pending callbacks are not called any more. */
  stop(): void {
    for (const { timer } of this.#questions.values()) this.#clock.clearTimeout(timer);
    this.#questions.clear();
  }
}

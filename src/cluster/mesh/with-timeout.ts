import type { Clock, Timer } from '../../clock.js';
import { asError } from '../../errors.js';

export interface Outcome<Answer> {
  readonly answered: (answer: Answer) => void;
  readonly failed: (problem: Error) => void;
}

/**
 * Calls one of the two handlers, once: `answered` with the answer, or `failed` with the error if the promise rejects or
 * does not settle within `limitMs`. Returns the timer of the limit.
 */
export function withTimeout<Answer>(
  clock: Clock,
  limitMs: number,
  answer: Promise<Answer>,
  { answered, failed }: Outcome<Answer>,
): Timer {
  let isSettled = false;
  const settle = (handle: () => void): void => {
    if (isSettled) return;
    isSettled = true;
    clock.clearTimeout(timer);
    handle();
  };
  const timer = clock.setTimeout(() => {
    settle(() => failed(new Error(`no answer within ${limitMs / 1000} s`)));
  }, limitMs);
  answer.then(
    (value) => settle(() => answered(value)),
    (thrown) => settle(() => failed(asError(thrown))),
  );
  return timer;
}

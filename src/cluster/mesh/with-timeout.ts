import type { Clock, Timer } from '../../clock.js';
import { asError } from '../../errors.js';

export interface Outcome<Answer> {
  readonly answered: (answer: Answer) => void;
  readonly failed: (problem: Error) => void;
}

/**
 * Calls exactly one of the two handlers: `answered` with the answer, or `failed` with an error if the promise rejects
 * or does not settle within `limitMs`. Returns the timer of the limit. Clearing that timer removes the limit, but a
 * handler is still called when the promise settles.
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

import { createActor, fromTransition } from 'xstate';

const logic = fromTransition((count: number, _increment: { readonly type: 'increment' }) => count + 1, 0);
const increment = { type: 'increment' } as const;

/** A transition actor, which handles an event inside of `send`; `inspected`: by an observer that does nothing at all. */
export function xstateCounter(inspected = false): () => void {
  const actor = createActor(logic, inspected ? { inspect: () => undefined } : {});
  actor.start();
  return () => actor.send(increment);
}

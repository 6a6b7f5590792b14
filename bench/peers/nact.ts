import * as nact from 'nact';

const system = nact.start();

/** A counter that takes casts: `dispatch`. */
export function nactCounter(): { readonly cast: () => void; readonly drained: () => Promise<void> } {
  let onEnd: (() => void) | undefined;
  const actor = nact.spawn(system, (count: number | undefined, message: 'increment' | 'end') => {
    if (message === 'end') onEnd?.();
    return (count ?? 0) + 1;
  });
  return {
    cast: () => nact.dispatch(actor, 'increment'),
    drained: () =>
      new Promise((resolve) => {
        onEnd = resolve;
        nact.dispatch(actor, 'end');
      }),
  };
}

interface Question {
  readonly sender: nact.Ref<number>;
}

/** A server that answers: `query`, with the time-out that it demands. */
export function nactServer(): () => Promise<number> {
  const actor = nact.spawn(system, (count: number | undefined, { sender }: Question) => {
    nact.dispatch(sender, count ?? 0);
    return count ?? 0;
  });
  const ask = (sender: nact.Ref<number>): Question => ({ sender });
  return () => nact.query(actor, ask, 5000);
}

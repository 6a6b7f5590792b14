import type { GenServerBehavior, GenServerRef, ProcessRef, Runtime } from './noex.js';

/** The least a process can do: what is measured is what is around it. */
export const counter = {
  init: () => 0,
  handleCall: (_get: 'get', count: number) => [count, count] as const,
  handleCast: (_increment: 'increment', count: number) => count + 1,
} satisfies GenServerBehavior<number, 'get', 'increment', number>;

export type CounterRef = GenServerRef<number, 'get', 'increment', number>;

export function startCounters({ GenServer }: Runtime, count: number): Promise<readonly CounterRef[]> {
  return Promise.all(Array.from({ length: count }, () => GenServer.start(counter)));
}

/** Makes each of them handle a message. */
export async function touch({ GenServer }: Runtime, refs: readonly CounterRef[]): Promise<void> {
  await Promise.all(refs.map((ref) => GenServer.call(ref, 'get')));
}

export async function stopAll({ GenServer }: Runtime, refs: readonly ProcessRef[]): Promise<void> {
  await Promise.all(refs.map((ref) => GenServer.stop(ref)));
}

/** So many of them, others each time: goes round and round. */
export function inSlices<Item>(items: readonly Item[]): (size: number) => readonly Item[] {
  let from = 0;
  return (size) => {
    const slice = items.slice(from, from + size);
    from = from + size < items.length ? from + size : 0;
    return slice;
  };
}

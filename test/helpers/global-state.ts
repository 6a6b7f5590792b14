import { vi } from 'vitest';

/** What test files of one worker share. A file that changes a part of it changes the result of the files after it. */
export type GlobalState = ReadonlyMap<string, unknown>;

const OBJECTS = {
  globalThis,
  console,
  performance,
  'process.stdout': process.stdout,
  'process.stderr': process.stderr,
};

/** vitest sets these itself while tests run. */
const SET_BY_VITEST = /^(globalThis\.__vitest|env VITEST|env TEST|env NODE_ENV|env (MODE|DEV|PROD|SSR|BASE_URL)$)/;

export function readGlobalState(): GlobalState {
  const state = new Map<string, unknown>([['fake timers', vi.isFakeTimers()]]);
  for (const [owner, object] of Object.entries(OBJECTS)) {
    for (const property of Object.getOwnPropertyNames(object)) {
      // Read, not described: Node.js replaces a lazy getter by its value at the first access.
      const value: unknown = Reflect.get(object, property);
      if (typeof value === 'function') state.set(`${owner}.${property}`, value);
    }
  }
  for (const [variable, value] of Object.entries(process.env)) state.set(`env ${variable}`, value);
  for (const event of process.eventNames()) {
    state.set(`listeners of process for '${String(event)}'`, process.listenerCount(event));
  }
  return state;
}

/** The names of the parts that differ, sorted. */
export function changedParts(before: GlobalState, after: GlobalState): readonly string[] {
  return [...new Set([...before.keys(), ...after.keys()])]
    .filter((part) => before.get(part) !== after.get(part) && !SET_BY_VITEST.test(part))
    .sort();
}

import { expect, test, vi } from 'vitest';
import { changedParts, readGlobalState } from './global-state.js';

const changes: Readonly<Record<string, () => () => void>> = {
  'fake timers': () => {
    vi.useFakeTimers({ toFake: ['setInterval'] });
    return () => vi.useRealTimers();
  },
  'console.warn': () => {
    const spy = vi.spyOn(console, 'warn');
    return () => spy.mockRestore();
  },
  'env NOEX_LEFT_BEHIND': () => {
    Object.assign(process.env, { NOEX_LEFT_BEHIND: 'yes' });
    return () => Reflect.deleteProperty(process.env, 'NOEX_LEFT_BEHIND');
  },
  "listeners of process for 'warning'": () => {
    const listener = (): void => undefined;
    process.on('warning', listener);
    return () => process.off('warning', listener);
  },
  'globalThis.leftBehind': () => {
    Reflect.set(globalThis, 'leftBehind', () => undefined);
    return () => Reflect.deleteProperty(globalThis, 'leftBehind');
  },
};

test.each(Object.entries(changes))('a change of %s is found until it is undone', (part, change) => {
  const before = readGlobalState();
  const undo = change();
  const changed = changedParts(before, readGlobalState());
  undo();
  expect(changed).toContain(part);
  expect(changedParts(before, readGlobalState())).toEqual([]);
});

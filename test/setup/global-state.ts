// Test files of one worker run in the same global scope, which saves loading the sources again for each. So a file must
// leave that scope as it found it: this hook runs after all hooks of the file and fails the file that does not.
import { afterAll } from 'vitest';
import { changedParts, readGlobalState } from '../helpers/global-state.js';

const before = readGlobalState();

afterAll(() => {
  const changed = changedParts(before, readGlobalState());
  if (changed.length > 0) throw new Error(`this file did not restore ${changed.join(', ')}`);
});

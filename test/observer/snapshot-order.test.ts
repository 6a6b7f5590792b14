import { expect, test } from 'vitest';
import { counter } from '../helpers/servers.js';
import { createTestRuntime } from '../helpers/test-runtime.js';

test('a subscriber of snapshot$ is not shown an older snapshot after a newer one when the one before it reads on', async () => {
  const { GenServer, Observer } = createTestRuntime();
  const versions: number[] = [];
  let reacted = false;
  Observer.snapshot$.subscribe(({ processCount }) => {
    if (processCount === 0 || reacted) return;
    reacted = true;
    void GenServer.start(counter);
    Observer.getSnapshot();
  });
  Observer.snapshot$.subscribe(({ version }) => versions.push(version));
  await GenServer.start(counter);
  Observer.getSnapshot();
  expect(versions).toEqual(versions.toSorted((a, b) => a - b));
  expect(reacted).toBe(true);
});

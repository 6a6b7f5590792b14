import { afterEach, test } from 'vitest';
import { FaultLab, linked } from '../../helpers/fault-lab.js';
import type { FaultNode } from '../../helpers/forked-node.js';
import { MessageLoad } from '../../soak/message-load.js';

const BOUND_MS = 30_000;
/** Between two messages of each node to each other. */
const ROUND_MS = 5;
const CONFIG = {
  heartbeatIntervalMs: 200,
  heartbeatMissThreshold: 5,
  reconnectBaseDelayMs: 50,
  reconnectMaxDelayMs: 300,
};

let lab: FaultLab;

afterEach(() => lab.end());

test('messages and monitors keep what is promised while nodes stop, are cut off, are killed and come back', async () => {
  lab = new FaultLab(CONFIG, { isQuiet: true });
  const names = ['a', 'b', 'c'];
  const [a, b, c] = (await Promise.all(names.map((name) => lab.start(name, names.slice(0, 2))))) as [
    FaultNode,
    FaultNode,
    FaultNode,
  ];
  await linked([a, b, c], BOUND_MS);
  const load = new MessageLoad(ROUND_MS);
  await load.sendToAll([a, b, c]);
  await load.replied([a, b, c], 200, BOUND_MS);

  // Stopped for longer than the others wait.
  b.signal('SIGSTOP');
  await lab.lost([a, c], b, BOUND_MS);
  b.signal('SIGCONT');
  await load.replied([a, b, c], 200, BOUND_MS);

  // Cut off, and back.
  for (const other of ['a', 'b']) {
    lab.network.set(other, 'c', { kind: 'hold' });
    lab.network.set('c', other, { kind: 'hold' });
  }
  await lab.lost([a, b], c, BOUND_MS);
  lab.network.mend();
  await linked([a, b, c], BOUND_MS);
  await load.replied([a, b, c], 200, BOUND_MS);

  // A slow link, over which messages pile up.
  lab.network.set('a', 'b', { kind: 'slow', bytesPerSecond: 20_000 });
  await load.replied([a, c], 100, BOUND_MS);
  lab.network.mend();
  await load.replied([a, b, c], 100, BOUND_MS);

  // Killed in the middle of it all, and again there under its id, in another life.
  await load.check([a, b, c]);
  await c.kill();
  await lab.lost([a, b], c, BOUND_MS);
  const again = await lab.start('c', names.slice(0, 2));
  await linked([a, b, again], BOUND_MS);
  await load.sendToAll([a, b, again]);
  await load.replied([a, b, again], 200, BOUND_MS);

  await load.stop([a, b, again], BOUND_MS);
}, 240_000);

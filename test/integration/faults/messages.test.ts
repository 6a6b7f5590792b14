import { afterEach, expect, test } from 'vitest';
import { eventually } from '../../helpers/eventually.js';
import { FaultLab, linked } from '../../helpers/fault-lab.js';
import type { FaultNode, MessageReport } from '../../helpers/forked-node.js';

const BOUND_MS = 30_000;
const CONFIG = {
  heartbeatIntervalMs: 200,
  heartbeatMissThreshold: 5,
  reconnectBaseDelayMs: 50,
  reconnectMaxDelayMs: 300,
};

let lab: FaultLab;

afterEach(() => lab.end());

/** Each node sends to all others from now on. */
async function sendToAll(nodes: readonly FaultNode[]): Promise<void> {
  const targets = await Promise.all(nodes.map((node) => node.ask('target')));
  await Promise.all(nodes.map((node, at) => node.ask('sendTo', targets.toSpliced(at, 1))));
}

/** Resolves when each node has got that many more replies. */
async function replied(nodes: readonly FaultNode[], count: number): Promise<void> {
  const before = await Promise.all(nodes.map((node) => node.ask('messages')));
  await eventually(BOUND_MS, async () => {
    const now = await Promise.all(nodes.map((node) => node.ask('messages')));
    const late = nodes.find((_node, at) => (now[at]?.replies ?? 0) < (before[at]?.replies ?? 0) + count);
    return late === undefined ? undefined : `${late.name} gets no replies`;
  });
}

/** What is wrong with what these nodes have seen. */
function complaints(reports: readonly MessageReport[]): readonly string[] {
  const handled = new Set(reports.flatMap((report) => report.handled));
  return reports.flatMap(({ problems, notHandled, overdue }) => [
    ...problems,
    ...notHandled.filter((message) => handled.has(message)).map((message) => `${message} was handled after all`),
    ...(overdue > 0 ? [`${overdue} calls are open past their time-out`] : []),
  ]);
}

test('messages and monitors keep what is promised while nodes stop, are cut off, are killed and come back', async () => {
  lab = new FaultLab(CONFIG, { isQuiet: true });
  const names = ['a', 'b', 'c'];
  const [a, b, c] = (await Promise.all(names.map((name) => lab.start(name, names.slice(0, 2))))) as [
    FaultNode,
    FaultNode,
    FaultNode,
  ];
  await linked([a, b, c], BOUND_MS);
  await sendToAll([a, b, c]);
  await replied([a, b, c], 200);

  // Stopped for longer than the others wait.
  b.signal('SIGSTOP');
  await lab.lost([a, c], b, BOUND_MS);
  b.signal('SIGCONT');
  await replied([a, b, c], 200);

  // Cut off, and back.
  for (const other of ['a', 'b']) {
    lab.network.set(other, 'c', { kind: 'hold' });
    lab.network.set('c', other, { kind: 'hold' });
  }
  await lab.lost([a, b], c, BOUND_MS);
  lab.network.mend();
  await linked([a, b, c], BOUND_MS);
  await replied([a, b, c], 200);

  // A slow link, over which messages pile up.
  lab.network.set('a', 'b', { kind: 'slow', bytesPerSecond: 20_000 });
  await replied([a, c], 100);
  lab.network.mend();
  await replied([a, b, c], 100);

  // Killed in the middle of it all, and again there under its id, in another life.
  const reportOfC = await c.ask('messages');
  await c.kill();
  await lab.lost([a, b], c, BOUND_MS);
  const again = await lab.start('c', names.slice(0, 2));
  await linked([a, b, again], BOUND_MS);
  await sendToAll([a, b, again]);
  await replied([a, b, again], 200);

  const nodes = [a, b, again];
  await Promise.all(nodes.map((node) => node.ask('stopSending')));
  await Promise.all(nodes.map((node) => node.ask('endTarget')));
  await eventually(BOUND_MS, async () => {
    const reports = await Promise.all(nodes.map((node) => node.ask('messages')));
    const open = reports.find(({ openCalls, openMonitors }) => openCalls > 0 || openMonitors > 0);
    return open && `${open.openCalls} calls and ${open.openMonitors} monitors are open`;
  });
  const reports = await Promise.all(nodes.map((node) => node.ask('messages')));
  expect(complaints([...reports, reportOfC])).toEqual([]);
}, 240_000);

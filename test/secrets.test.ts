import { inspect } from 'node:util';
import { expect, test } from 'vitest';
import { SimulatedClock } from '../src/clock.js';
import { decode, encode } from '../src/cluster/codec.js';
import { MAX_FRAME_BYTES } from '../src/cluster/frames.js';
import { readClusterConfig } from '../src/cluster/read-cluster-config.js';
import { checkHandlerOptions } from '../src/dashboard/server/dashboard-options.js';
import { InvalidHandlerResultError } from '../src/errors.js';
import type { GenServerBehavior } from '../src/process/gen-server-types.js';
import { createRuntime } from '../src/runtime/runtime.js';
import { decodeLogPart } from '../streams/log-part.js';
import { decodeReport } from '../streams/node-report.js';
import { ObservedCluster } from './helpers/observed-cluster.js';

/** A text that must be in no error, warning or log entry. */
const CANARY = 'canary-5f3a9c';

/** All there is to see of an error: message, stack, fields and causes. */
function seen(thrown: unknown): string {
  return inspect(thrown, { depth: 10, maxStringLength: null }) + String(thrown);
}

function thrownBy(run: () => unknown): unknown {
  try {
    run();
  } catch (thrown) {
    return thrown;
  }
  throw new Error('it did not throw');
}

const limits = { maxBytes: MAX_FRAME_BYTES };

test.each<[string, () => unknown]>([
  ['a body that is too large', () => encode({ type: 'notify', topic: 't', body: CANARY.repeat(200_000) })],
  ['a body with too much in it', () => encode({ type: 'notify', topic: 't', body: Array(70_000).fill(CANARY) })],
  ['a body that is no data', () => encode({ type: 'notify', topic: 't', body: Symbol(CANARY) })],
  ['a body with a function', () => encode({ type: 'notify', topic: 't', body: () => 'canary-5f3a9c' })],
  ['a frame that is not JSON', () => decode(`{"type":${CANARY}`, limits)],
  [
    'a frame with a bad field',
    () => decode(`{"type":"request","id":"${CANARY}","method":"m","body":{"json":1}}`, limits),
  ],
  ['a frame with a bad body', () => decode(`{"type":"reply","id":1,"body":{"no":"${CANARY}"}}`, limits)],
  ['a frame with a bad proof', () => decode(`{"type":"proof","mac":"${CANARY}"}`, limits)],
  ['a report that is not JSON', () => decodeReport(CANARY)],
  ['a report with a bad field', () => decodeReport(`{"incarnation":"${CANARY}"}`)],
  ['a log that is not JSON', () => decodeLogPart(CANARY)],
  ['a secret that is too odd', () => readClusterConfig({ nodeName: 'a', clusterSecret: ['', CANARY] })],
  ['a key that is none', () => readClusterConfig({ nodeName: 'a', tls: { cert: CANARY, key: CANARY } })],
  ['a token that is too short', () => checkHandlerOptions({ token: `${CANARY} ${CANARY}` })],
])('the error of %s does not show what it was', (_what, run) => {
  expect(seen(thrownBy(run))).not.toContain(CANARY);
});

test('a reply that is no pair is not shown', async () => {
  const runtime = createRuntime({ clock: new SimulatedClock() });
  const broken: GenServerBehavior<number, string, string, string> = {
    init: () => 0,
    handleCall: (): [string, number] => JSON.parse(`"${CANARY}"`),
    handleCast: (_message: string, state: number) => state,
  };
  const ref = await runtime.GenServer.start(broken);
  const failed = await runtime.GenServer.call(ref, CANARY).catch((thrown: unknown) => thrown);
  expect(failed).toBeInstanceOf(InvalidHandlerResultError);
  expect(seen(failed)).not.toContain(CANARY);
});

test('nodes that refuse each other, crash, and receive garbage leak neither secrets nor messages', async () => {
  const runtime = new ObservedCluster();
  const a = await runtime.start('nodeA', {}, { clusterSecret: CANARY });
  const b = await runtime.start('nodeB', {}, { clusterSecret: `another ${CANARY}` });
  const entries: unknown[] = [];
  const subscription = a.ClusterObserver.log$.subscribe((entry) => entries.push(entry));
  await runtime.run(5000);
  expect(a.errors.length + b.errors.length).toBeGreaterThan(0);
  const crashing = await a.GenServer.start<number, string, string, number>({
    init: () => 0,
    handleCall: () => [0, 0],
    handleCast: () => {
      throw new Error('a handler failed');
    },
  });
  a.GenServer.cast(crashing, CANARY);
  await runtime.run(500);
  expect(() => a.GenServer.cast(crashing, CANARY)).toThrow();
  expect(entries.length).toBeGreaterThan(0);
  expect(seen([a.errors, b.errors, entries, thrownBy(() => a.GenServer.cast(crashing, CANARY))])).not.toContain(CANARY);
  subscription.unsubscribe();
});

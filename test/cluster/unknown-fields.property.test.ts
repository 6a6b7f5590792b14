import { fc, test } from '@fast-check/vitest';
import { describe, expect } from 'vitest';
import { decode } from '../../src/cluster/codec.js';
import { MAX_FRAME_BYTES } from '../../src/cluster/frames.js';
import type { Connection, Transport } from '../../src/cluster/transport/transport.js';
import type { ProtocolError } from '../../src/errors.js';
import { decodeLogPart } from '../../streams/log-part.js';
import { changesSince, pageOf } from '../../streams/model-changes.js';
import { emptyModel, evolve } from '../../streams/node-model.js';
import { decodeReport, encodeReport } from '../../streams/node-report.js';
import { handshakeFrame, peerFrame, sent } from '../fuzz/frames.js';
import { anyEvent } from '../helpers/events.js';
import { SimulatedCluster } from '../helpers/simulated-cluster.js';

const limits = { maxBytes: MAX_FRAME_BYTES };

/** The frame, or why it is none. */
function read(text: string): unknown {
  try {
    return decode(text, limits);
  } catch (error) {
    return (error as ProtocolError).reason;
  }
}

/** Fields of a later version: names that no frame and no body of this one has. */
const later = fc.dictionary(
  fc.stringMatching(/^later[A-Z][a-z]{0,5}$/),
  fc.oneof(fc.jsonValue({ maxDepth: 3 }), fc.constant(null)),
  { minKeys: 1, maxKeys: 4, noNullPrototype: true },
);

/** The same text with more fields in the outermost object. */
function extended(text: string, fields: object): string {
  return JSON.stringify({ ...JSON.parse(text), ...fields });
}

/** The same value with more fields in every object of it that `isOpen`. */
function everywhere(value: unknown, fields: object, isOpen: (key: string) => boolean, key = ''): unknown {
  if (Array.isArray(value)) return value.map((item) => everywhere(item, fields, isOpen, key));
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value).map(([name, inner]) => [name, everywhere(inner, fields, isOpen, name)]);
  return { ...Object.fromEntries(entries), ...(isOpen(key) ? fields : {}) };
}

describe('fields that a later version adds', () => {
  test.prop([sent(fc.oneof(handshakeFrame, peerFrame)), later])('change nothing of a frame', (raw, fields) => {
    const text = JSON.stringify(raw);
    expect(read(extended(text, fields))).toEqual(read(text));
  });

  test.prop([fc.array(anyEvent, { maxLength: 20 }), later, fc.array(fc.nat(), { maxLength: 5 })])(
    'and figures, change nothing of a report',
    (events, fields, figures) => {
      const models = [emptyModel(() => 0)];
      for (const event of events) models.push(evolve(models.at(-1) ?? emptyModel(() => 0), event));
      const model = models.at(-1) ?? emptyModel(() => 0);
      const vitals = {
        ...{
          eventLoopUtilization: 0.5,
          eventLoopDelay: { p50: 1, p99: 2 },
          cpu: 0.1,
          uptimeMs: 5,
          flushIntervalMs: 50,
        },
        observer: { msPerSecond: 1, eventsPerSecond: 2, bytesPerSecond: 3 },
      };
      const memory = { heapUsed: 1, heapTotal: 2, external: 3, rss: 4 };
      const report = { incarnation: 1, version: model.version, timestamp: 7, memory, vitals };
      for (const changes of [pageOf(model, 0), changesSince(model, 0)]) {
        const text = encodeReport(report, JSON.stringify(changes));
        const raw = everywhere(JSON.parse(text), fields, () => true) as { vitals: number[] };
        raw.vitals.push(...figures);
        expect(decodeReport(JSON.stringify(raw))).toMatchObject(decodeReport(text));
      }
    },
  );

  test.prop([later])('change nothing of a part of a log', (fields) => {
    const error = { name: 'Error', message: 'no', stack: 'Error: no', code: 'E' };
    const part = {
      incarnation: 1,
      position: 3,
      entries: [
        { type: 'process_started', at: 1, id: 'p1', kind: 'genserver' },
        { type: 'process_crashed', at: 2, id: 'p1', name: 'w', kind: 'genserver', error },
        { type: 'process_exited', at: 3, id: 'p1', kind: 'genserver', reason: { error } },
      ],
    };
    expect(decodeLogPart(JSON.stringify(everywhere(part, fields, () => true)))).toMatchObject(part);
  });
});

/** A transport of which every frame has more fields than this version knows, and comes with another one of its own. */
function ofLaterVersion(transport: Transport, fields: object): void {
  const speakingLater = (connection: Connection): Connection => {
    const { send } = connection;
    connection.send = (text) => {
      send.call(connection, extended(text, fields));
      const { type } = JSON.parse(text) as { type: string };
      if (type === 'heartbeat' || type === 'members')
        send.call(connection, JSON.stringify({ type: 'later', ...fields }));
    };
    return connection;
  };
  const { listen, connect } = transport;
  transport.listen = (address, accept, tls) => listen(address, (connection) => accept(speakingLater(connection)), tls);
  transport.connect = (address, tls) => speakingLater(connect(address, tls));
}

test.prop([later], { numRuns: 20 })(
  'nodes that say more than this version knows are linked with it',
  async (fields) => {
    const runtime = new SimulatedCluster();
    const a = await runtime.start('nodeA', 4369);
    const { transport } = runtime.network;
    runtime.network.transport = () => {
      const machine = transport.call(runtime.network);
      ofLaterVersion(machine, fields);
      return machine;
    };
    const b = await runtime.start('nodeB', 4370, [a]);
    const c = await runtime.start('nodeC', 4371, [b]);
    a.rpc.handle('echo', (body) => body);
    runtime.run(30_000);
    for (const { cluster } of [a, b, c]) expect(cluster.getConnectedNodeCount()).toBe(2);
    expect([...a.errors, ...b.errors, ...c.errors]).toEqual([]);
    let answer: unknown;
    const asked = c.rpc.request(a.id, 'echo', { x: 1 }, 1000).then((body) => {
      answer = body;
    });
    runtime.run(10);
    await asked;
    expect(answer).toEqual({ x: 1 });
  },
);

import { describe, expect, test } from 'vitest';
import type { LinkEndReason } from '../../../src/cluster/mesh/link-end-reason.js';
import { UnreachableReporter } from '../../../src/cluster/mesh/unreachable-reporter.js';
import { SimulatedCluster } from '../../helpers/simulated-cluster.js';

const refused: LinkEndReason = { kind: 'broken', reason: 'ECONNREFUSED' };
const reset: LinkEndReason = { kind: 'broken', reason: 'ECONNRESET' };

function watch() {
  const errors: Error[] = [];
  const reports = new UnreachableReporter((error) => errors.push(error));
  const fail = (end: LinkEndReason, now = 0, wasLinked = false) =>
    reports.failed({ label: 'x@h:1', end, wasLinked }, now);
  return { errors, reports, fail };
}

describe('an address that is dialled in vain', () => {
  test('is reported at the third failure in a row where something answers, and once', () => {
    const { errors, fail } = watch();
    for (let count = 0; count < 2; count += 1) fail(reset);
    expect(errors).toEqual([]);
    for (let count = 0; count < 10; count += 1) fail(reset);
    expect(errors).toMatchObject([{ name: 'HandshakeError', peer: 'x@h:1', reason: 'ECONNRESET' }]);
  });

  test('is reported after half a minute where nothing answers', () => {
    const { errors, fail } = watch();
    for (let now = 0; now < 30_000; now += 1000) fail(refused, now);
    expect(errors).toEqual([]);
    fail(refused, 30_000);
    fail(refused, 60_000);
    expect(errors).toMatchObject([{ name: 'NodeUnreachableError', nodeId: 'x@h:1' }]);
    expect(errors[0]?.message).toContain('ECONNREFUSED for 30 s');
  });

  test('is reported again when it was reached in between', () => {
    const { errors, fail, reports } = watch();
    for (let count = 0; count < 3; count += 1) fail(reset);
    reports.reached('x@h:1');
    for (let count = 0; count < 3; count += 1) fail(reset);
    expect(errors.length).toBe(2);
  });

  test('is not reported where a link broke: that was reported as the end of the node', () => {
    const { errors, fail } = watch();
    for (let now = 0; now < 100_000; now += 10_000) fail(refused, now, true);
    for (let now = 0; now < 100_000; now += 10_000) fail(reset, now, true);
    expect(errors).toEqual([]);
  });

  test('is not reported here where the refusal says why, which is reported at once', () => {
    const { errors, fail } = watch();
    for (const reason of ['auth_failed', 'unsupported_version', 'duplicate_link', 'leaving']) {
      for (let count = 0; count < 5; count += 1) fail({ kind: 'refused', by: 'peer', reason, message: '' });
    }
    expect(errors).toEqual([]);
  });
});

test('a node of which the address leads back to the one that dials is reported: each has to say where it is', async () => {
  // Machines with the default host: of each, the others believe that it is where they are.
  const runtime = new SimulatedCluster();
  const { transport } = runtime.network;
  const start = (name: string, listen: string, seeds: readonly string[]) => {
    runtime.network.transport = () => {
      const machine = transport.call(runtime.network);
      const { connect } = machine;
      machine.connect = (to, tls) => connect(to.host === '127.0.0.1' ? { ...to, host: listen } : to, tls);
      return machine;
    };
    return runtime.start(name, 4369, seeds, { host: '127.0.0.1', listen });
  };
  const a = await start('nodeA', '127.0.0.2', []);
  const b = await start('nodeB', '127.0.0.3', ['127.0.0.2:4369']);
  const c = await start('nodeC', '127.0.0.4', ['127.0.0.2:4369']);
  runtime.run(60_000);
  expect(a.errors).toEqual([]);
  expect(b.errors).toMatchObject([{ name: 'HandshakeError', peer: c.id, reason: 'self' }]);
  expect(c.errors).toMatchObject([{ name: 'HandshakeError', peer: b.id, reason: 'self' }]);
  expect(c.errors[0]?.message).toContain('give every node a host (or advertise)');
});

test('a seed that leads back to the node itself, by another name, is reported', async () => {
  const runtime = new SimulatedCluster();
  const a = await runtime.start('nodeA', 4369, ['nodeB@localhost:4369']);
  runtime.run(60_000);
  expect(a.errors).toMatchObject([
    { name: 'HandshakeError', peer: 'nodeB@localhost:4369 (127.0.0.1:4369)', reason: 'self' },
  ]);
  expect(a.errors[0]?.message).toContain('leads back to this node');
});

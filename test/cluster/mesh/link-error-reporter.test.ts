import { expect, test } from 'vitest';
import { SimulatedClock } from '../../../src/clock.js';
import { LinkErrorReporter } from '../../../src/cluster/mesh/link-error-reporter.js';
import { NodeId } from '../../../src/cluster/node-id.js';
import { ConnectionsRefusedError, HandshakeError } from '../../../src/errors.js';
import { SimulatedCluster } from '../../helpers/simulated-cluster.js';

interface Reports {
  readonly clock: SimulatedClock;
  readonly complaints: LinkErrorReporter;
  readonly errors: Error[];
  /** A connection from that address was refused. */
  refuse(remote: string, reason?: string): void;
  /** Time goes on, with a heartbeat each second. */
  run(seconds: number): void;
}

function reports(): Reports {
  const clock = new SimulatedClock();
  const errors: Error[] = [];
  const localId = NodeId.parse('nodeA@127.0.0.1:4369');
  const complaints = new LinkErrorReporter(
    localId,
    (error) => errors.push(error),
    () => clock.monotonic(),
  );
  return {
    clock,
    complaints,
    errors,
    refuse(remote, reason = 'auth_failed') {
      const end = { kind: 'refused', by: 'us', reason, message: 'no' } as const;
      complaints.refused({ end, target: undefined, linkedWith: undefined, remote });
    },
    run(seconds) {
      for (let second = 0; second < seconds; second += 1) {
        clock.advance(1000);
        complaints.beat();
      }
    },
  };
}

const addressOf = (n: number): string => `10.${Math.floor(n / 65_536)}.${Math.floor(n / 256) % 256}.${n % 256}`;

test('of 3,000 unauthenticated peers five are reported in full, and the others together after a minute, by reason', () => {
  const { errors, refuse, run } = reports();
  for (let n = 0; n < 3000; n += 1) {
    refuse(addressOf(n), n % 3 === 0 ? 'malformed' : 'auth_failed');
    if (n % 500 === 0) run(1);
  }
  expect(errors.map(({ message }) => message)).toEqual([
    'malformed: no (link with 10.0.0.0)',
    'no link with 10.0.0.1 (auth_failed): no',
    'no link with 10.0.0.2 (auth_failed): no',
    'malformed: no (link with 10.0.0.3)',
    'no link with 10.0.0.4 (auth_failed): no',
  ]);
  run(60);
  expect(errors.slice(5)).toMatchObject([
    { constructor: ConnectionsRefusedError, count: 2995, reasons: { malformed: 998, auth_failed: 1997 } },
  ]);
  expect(errors[5]?.message).toBe(
    '2995 more connections were refused within 60 s, from 1000 or more addresses such as 10.0.0.5: auth_failed 1997, ' +
      'malformed 998; if they are not nodes or observers of yours, keep their addresses away from this port',
  );
  run(600);
  expect(errors.length).toBe(6);
});

test('a flood that goes on is reported in six lines a minute', () => {
  const { errors, refuse, run } = reports();
  for (let n = 0; n < 6000; n += 1) {
    refuse(addressOf(n));
    if (n % 10 === 9) run(1);
  }
  expect(errors.length).toBe(60);
  expect(errors.filter((error) => error instanceof ConnectionsRefusedError).length).toBe(10);
  expect(errors.filter((error) => error instanceof HandshakeError).length).toBe(50);
});

test('the same unauthenticated peer is reported once for each reason, and does not count as another', () => {
  const { errors, refuse, run } = reports();
  for (let n = 0; n < 100; n += 1) {
    refuse('10.0.0.1');
    refuse('10.0.0.1', 'not_json');
  }
  run(61);
  expect(errors.length).toBe(2);
});

test("reasons of the other side's choice are counted together", () => {
  const { complaints, errors, run } = reports();
  const linkedWith = NodeId.parse('nodeB@127.0.0.1:4370');
  for (let n = 0; n < 100; n += 1) {
    const end = { kind: 'refused', by: 'peer', reason: `because ${n}`, message: 'no' } as const;
    complaints.refused({ end, target: undefined, linkedWith, remote: '10.0.0.1' });
  }
  run(61);
  expect(errors.at(-1)).toMatchObject({ reasons: { other: 95 } });
});

test('what was only counted is reported when the node stops', () => {
  const { complaints, errors, refuse, run } = reports();
  for (let n = 0; n < 10; n += 1) refuse(addressOf(n));
  run(3);
  complaints.stop();
  expect(errors.at(-1)).toMatchObject({ count: 5, reasons: { auth_failed: 5 } });
  expect(errors.at(-1)?.message).toContain('within 3 s, from 5 addresses such as 10.0.0.5');
});

test('a node that others with a wrong secret dial from many addresses reports them together', async () => {
  const runtime = new SimulatedCluster();
  const a = await runtime.start('nodeA', 4369, [], { clusterSecret: 'right', host: '10.0.0.1' });
  for (let n = 1; n <= 20; n += 1) {
    const seeds = [a];
    await runtime.start(`intruder${n}`, 4369, seeds, { clusterSecret: 'wrong', host: `10.0.1.${n}` });
  }
  runtime.run(65_000);
  // Five, then one for all the others, then those of the next minute.
  expect(a.errors.slice(0, 5)).toMatchObject(Array.from({ length: 5 }, () => ({ reason: 'auth_failed' })));
  expect(a.errors[5]).toMatchObject({ code: 'NOEX_CONNECTIONS_REFUSED', reasons: { auth_failed: expect.any(Number) } });
  expect(a.errors[5]?.message).toContain('from 15 addresses such as 10.0.1.');
});

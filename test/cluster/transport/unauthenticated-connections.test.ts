import { describe, expect, test } from 'vitest';
import { addressPrefix } from '../../../src/cluster/address-prefix.js';
import { HandshakeThrottle } from '../../../src/cluster/mesh/handshake-throttle.js';
import {
  MAX_UNAUTHENTICATED,
  MAX_UNAUTHENTICATED_PER_ADDRESS,
  UnauthenticatedConnections,
} from '../../../src/cluster/transport/unauthenticated-connections.js';

function createTable(): { readonly table: UnauthenticatedConnections<string>; readonly terminated: string[] } {
  const terminated: string[] = [];
  return { table: new UnauthenticatedConnections<string>((connection) => terminated.push(connection)), terminated };
}

describe('unauthenticated connections', () => {
  test('beyond the total, the oldest connection of the busiest address goes', () => {
    const { table, terminated } = createTable();
    table.add('early guest', '10.0.0.1');
    for (let n = 1; n < MAX_UNAUTHENTICATED; n += 1) table.add(`flood ${n}`, `10.0.${n % 2}.2`);
    expect(terminated).toEqual([]);
    table.add('late guest', '10.0.0.3');
    expect(terminated).toEqual(['flood 1']);
    table.add('another late guest', '10.0.0.4');
    expect(terminated).toEqual(['flood 1', 'flood 3']);
    expect(table.size).toBe(MAX_UNAUTHENTICATED);
  });

  test('beyond what one address may have, its oldest connection goes, though there is room in all', () => {
    const { table, terminated } = createTable();
    table.add('guest', '10.0.0.1');
    for (let n = 1; n <= MAX_UNAUTHENTICATED_PER_ADDRESS + 1; n += 1) table.add(`flood ${n}`, '10.0.0.2');
    expect(terminated).toEqual(['flood 1']);
    expect(table.size).toBe(MAX_UNAUTHENTICATED_PER_ADDRESS + 1);
  });

  test('all addresses of one IPv6 network of 64 bits count as one', () => {
    const { table, terminated } = createTable();
    for (let n = 0; n <= MAX_UNAUTHENTICATED_PER_ADDRESS; n += 1)
      table.add(`flood ${n}`, `2001:db8:0:7::${n.toString(16)}`);
    table.add('guest', '2001:db8:0:8::1');
    expect(terminated).toEqual(['flood 0']);
  });

  test('are counted once', () => {
    const { table, terminated } = createTable();
    for (let n = 0; n <= MAX_UNAUTHENTICATED; n += 1) table.add('guest', 'a');
    expect(terminated).toEqual([]);
    table.remove('guest', 'a');
    expect(table.size).toBe(0);
  });

  test('are none any more when they have gone or proved themselves, once', () => {
    const { table } = createTable();
    table.add('guest', 'a');
    table.remove('guest', 'a');
    table.remove('guest', 'a');
    table.remove('unknown', 'b');
    expect(table.size).toBe(0);
  });
});

describe('who broke the rules', () => {
  const address = '10.0.0.2';

  test('waits longer each time, but not for a first accident, and not for ever', () => {
    const penalties = new HandshakeThrottle();
    const delays = Array.from({ length: 8 }, () => {
      penalties.recordFailure(address, 0);
      return penalties.delayOf(address, 0);
    });
    expect(delays).toEqual([0, 100, 200, 400, 800, 1600, 2000, 2000]);
    expect(penalties.delayOf('10.0.0.3', 0)).toBe(0);
  });

  test('is forgiven after a minute, or when a peer there proves its identity', () => {
    const penalties = new HandshakeThrottle();
    for (let n = 0; n < 5; n += 1) penalties.recordFailure(address, 0);
    expect(penalties.delayOf(address, 59_999)).toBe(800);
    expect(penalties.delayOf(address, 60_000)).toBe(0);
    penalties.reset(address);
    expect(penalties.delayOf(address, 1)).toBe(0);
  });

  test('is remembered among a thousand others at most', () => {
    const penalties = new HandshakeThrottle();
    for (let n = 0; n < 2; n += 1) penalties.recordFailure('first', 0);
    for (let n = 0; n < 1000; n += 1) penalties.recordFailure(`other ${n}`, 1);
    expect(penalties.delayOf('first', 1)).toBe(0);
  });
});

test.each([
  ['10.0.0.1', '10.0.0.1'],
  ['::ffff:10.0.0.1', '10.0.0.1'],
  ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2::/64'],
  ['2001:0DB8:1:2::6', '2001:db8:1:2::/64'],
  ['2001:db8::7:0:0:1', '2001:db8:0:0::/64'],
  ['::1', '0:0:0:0::/64'],
  ['fe80::1%eth0', 'fe80:0:0:0::/64'],
  ['64:ff9b::10.0.0.1', '64:ff9b:0:0::/64'],
  ['unknown', 'unknown'],
])('limits count %s as %s', (address, prefix) => {
  expect(addressPrefix(address)).toBe(prefix);
});

import { expect, test } from 'vitest';
import { isSelfConnection } from '../../../src/cluster/transport/dial-socket.js';

const ends = { localAddress: '127.0.0.1', localPort: 40_000, remoteAddress: '127.0.0.1', remotePort: 40_000 };

test('a socket of which both ends are the same address and port is connected with itself', () => {
  expect(isSelfConnection(ends)).toBe(true);
  expect(isSelfConnection({ ...ends, localAddress: '::1', remoteAddress: '::1' })).toBe(true);
});

test.each([
  ['another port', { ...ends, localPort: 40_001 }],
  ['another address of the same machine', { ...ends, localAddress: '127.0.0.2' }],
  ['no address any more', {}],
])('a socket with %s is not', (_what, others) => {
  expect(isSelfConnection(others)).toBe(false);
});

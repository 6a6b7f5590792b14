import { hostname } from 'node:os';
import { describe, expect, test } from 'vitest';
import { type Caller, Gate } from '../../../src/dashboard/server/gate.js';

function from(remoteAddress: string | undefined, localAddress = remoteAddress, host = 'localhost:4000'): Caller {
  return { headers: { host }, socket: { localAddress, remoteAddress } };
}

describe('a gate without a token', () => {
  const gate = new Gate({ token: undefined, hosts: [] });

  test.each(['127.0.0.1', '127.1.2.3', '::1', '::ffff:127.0.0.1'])('lets in its own machine: %s', (address) => {
    expect(gate.refusalOfPlace(from(address))).toBeUndefined();
  });

  test.each(['192.168.1.7', '203.0.113.9', 'fe80::1', '::ffff:10.0.0.1', undefined])(
    'lets in nobody else, in whatever server it stands: %s',
    (address) => {
      expect(gate.refusalOfPlace(from(address))?.status).toBe(403);
      expect(gate.refusalOfPlace(from(address, '127.0.0.1'))?.status).toBe(403);
      expect(gate.refusalOfPlace(from('127.0.0.1', address ?? ''))?.status).toBe(403);
    },
  );

  test('knows the name of the machine', () => {
    expect(gate.refusalOfPlace(from('::1', '::1', `${hostname().toUpperCase()}:80`))).toBeUndefined();
  });
});

describe('an open gate', () => {
  test('lets in everybody, under the names it has', () => {
    const gate = new Gate({ token: false, hosts: ['dash.example'] });
    expect(gate.refusalOfPlace(from('203.0.113.9', '10.0.0.1', 'dash.example'))).toBeUndefined();
    expect(gate.refusalOfPlace(from('203.0.113.9', '10.0.0.1', '10.0.0.1:4000'))).toBeUndefined();
    expect(gate.refusalOfPlace(from('203.0.113.9', '10.0.0.1', 'evil.example'))?.reason).toMatch(
      /'evil.example'.*hosts/,
    );
  });
});

describe('a gate with a token', () => {
  const gate = new Gate({ token: 'a-token-of-enough-letters', hosts: [] });

  test('hides the cookie from connections that anybody could read, where there are others', () => {
    const query = '?token=a-token-of-enough-letters';
    expect(gate.cookieFor(query, true)).toMatch(/^[^;]+; HttpOnly; SameSite=Strict; Secure$/);
    expect(gate.cookieFor(query, false)).toMatch(/^[^;]+; HttpOnly; SameSite=Strict$/);
  });

  test('compares origins as browsers write them, through a proxy that encrypts, too', () => {
    const refusal = (origin: string, host: string) => gate.refusalOfOrigin({ headers: { origin, host } });
    expect(refusal('https://dash.example', 'dash.example')).toBeUndefined();
    expect(refusal('http://[::1]:4000', '[::1]:4000')).toBeUndefined();
    expect(refusal('http://dash.example:4000', 'Dash.example:4000')).toBeUndefined();
    expect(refusal('http://dash.example:4001', 'dash.example:4000')?.status).toBe(403);
    expect(refusal('http://dash.example.evil.example', 'dash.example')?.status).toBe(403);
  });
});

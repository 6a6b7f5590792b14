import { hostname } from 'node:os';
import { fc, test } from '@fast-check/vitest';
import { describe, expect } from 'vitest';
import { AccessControl, type RequestInfo } from '../../../src/dashboard/server/access-control.js';

function from(remoteAddress: string | undefined, localAddress = remoteAddress, host = 'localhost:4000'): RequestInfo {
  return { headers: { host }, socket: { localAddress, remoteAddress } };
}

describe('a gate without a token', () => {
  const gate = new AccessControl({ token: undefined, hosts: [], isAuthorizing: false });

  test.each(['127.0.0.1', '127.1.2.3', '::1', '::ffff:127.0.0.1'])('lets in its own machine: %s', (address) => {
    expect(gate.checkHost(from(address))).toBeUndefined();
  });

  test.each(['192.168.1.7', '203.0.113.9', 'fe80::1', '::ffff:10.0.0.1', undefined])(
    'refuses every other request, in whatever server it is mounted: %s',
    (address) => {
      expect(gate.checkHost(from(address))?.status).toBe(403);
      expect(gate.checkHost(from(address, '127.0.0.1'))?.status).toBe(403);
      expect(gate.checkHost(from('127.0.0.1', address ?? ''))?.status).toBe(403);
    },
  );

  test('knows the name of the machine', () => {
    expect(gate.checkHost(from('::1', '::1', `${hostname().toUpperCase()}:80`))).toBeUndefined();
  });
});

describe('an open gate', () => {
  test('accepts every caller under the host names it has', () => {
    const gate = new AccessControl({ token: false, hosts: ['dash.example'], isAuthorizing: false });
    expect(gate.checkHost(from('203.0.113.9', '10.0.0.1', 'dash.example'))).toBeUndefined();
    expect(gate.checkHost(from('203.0.113.9', '10.0.0.1', '10.0.0.1:4000'))).toBeUndefined();
    expect(gate.checkHost(from('203.0.113.9', '10.0.0.1', 'evil.example'))?.reason).toMatch(/'evil.example'.*hosts/);
  });
});

describe('a gate where authorize decides', () => {
  const gate = new AccessControl({ token: undefined, hosts: ['dash.example:8443'], isAuthorizing: true });

  test('lets through those who come from elsewhere, and from a proxy, under the names it has', () => {
    const { headers, socket } = from('203.0.113.9', '10.0.0.1', 'dash.example');
    expect(gate.checkHost({ headers: { ...headers, 'x-forwarded-for': '203.0.113.9' }, socket })).toBeUndefined();
    expect(gate.checkHost(from('203.0.113.9', '10.0.0.1', 'dash.example:443'))).toBeUndefined();
    expect(gate.checkHost(from('127.0.0.1', '127.0.0.1', 'evil.example'))?.status).toBe(403);
    expect(gate.checkToken({ headers: {} })).toBeUndefined();
  });
});

describe('the origin of a WebSocket', () => {
  const refusal = (origin: string, host: string | undefined, hosts: readonly string[] = []) =>
    new AccessControl({ token: undefined, hosts, isAuthorizing: true }).checkOrigin({
      headers: { origin, ...(host !== undefined && { host }) },
    });

  test.each([
    ['https://dash.example', 'dash.example:443'],
    ['http://dash.example', 'dash.example:80'],
    ['https://[2001:db8::1]', '[2001:DB8::1]:443'],
    ['https://dash.example', 'dash.example'],
    ['https://dash.example:80', 'dash.example:80'],
  ])('%s is the same place as the Host %s', (origin, host) => {
    expect(refusal(origin, host)).toBeUndefined();
  });

  test.each([
    ['https://dash.example', 'dash.example:80'],
    ['http://dash.example', 'dash.example:443'],
    ['https://dash.example:8443', 'dash.example'],
    ['chrome-extension://dash.example', 'dash.example'],
    ['https://dash.example', 'evil@dash.example'],
    ['https://dash.example/', 'dash.example'],
    ['https://dash.example', ''],
    ['https://dash.example', undefined],
    ['null', 'null'],
  ])('%s is another place than the Host %s', (origin, host) => {
    expect(refusal(origin, host)?.status).toBe(403);
  });

  test('is one of hosts, when a proxy has put another name into Host', () => {
    expect(refusal('https://dash.example', '10.0.0.7:4000', ['dash.example'])).toBeUndefined();
    expect(refusal('https://dash.example', undefined, ['dash.example'])).toBeUndefined();
    expect(refusal('https://dash.example:8443', 'dash.example', ['dash.example:8443'])).toBeUndefined();
    expect(refusal('https://dash.example:8443', '10.0.0.7:4000', ['dash.example'])?.status).toBe(403);
    expect(refusal('https://evil.example', '10.0.0.7:4000', ['dash.example'])?.status).toBe(403);
  });

  test('that is refused is named, with what to do if it is its own', () => {
    expect(refusal('https://Dash.example:8443', '10.0.0.7')?.reason).toContain(
      "add 'dash.example:8443' to the option hosts",
    );
  });

  const name = fc.stringMatching(/^[a-z]{1,8}(\.[a-z]{1,8})?$/);
  const port = fc.option(fc.constantFrom(':80', ':443', ':4000'), { nil: '' });
  const scheme = fc.constantFrom('http', 'https');

  test.prop([scheme, name, port, name, port])(
    'is its own exactly when a browser takes both for one URL',
    (each, ownName, ownPort, otherName, otherPort) => {
      const host = ownName + ownPort;
      const { origin } = new URL(`${each}://${otherName}${otherPort}`);
      const isSame = new URL(`${each}://${host}`).origin === origin;
      expect(refusal(origin, host) === undefined).toBe(isSame);
      expect(refusal(origin, 'proxy.internal', [host]) === undefined).toBe(isSame);
    },
  );
});

describe('a gate with a token', () => {
  const gate = new AccessControl({ token: 'a-token-of-enough-letters', hosts: [], isAuthorizing: false });

  test('hides the cookie from connections that anybody could read, where there are others', () => {
    const query = '?token=a-token-of-enough-letters';
    expect(gate.cookieFor(query, true)).toMatch(/^[^;]+; HttpOnly; SameSite=Strict; Secure$/);
    expect(gate.cookieFor(query, false)).toMatch(/^[^;]+; HttpOnly; SameSite=Strict$/);
  });

  test('compares origins as browsers write them, through a proxy that encrypts, too', () => {
    const refusal = (origin: string, host: string) => gate.checkOrigin({ headers: { origin, host } });
    expect(refusal('https://dash.example', 'dash.example')).toBeUndefined();
    expect(refusal('http://[::1]:4000', '[::1]:4000')).toBeUndefined();
    expect(refusal('http://dash.example:4000', 'Dash.example:4000')).toBeUndefined();
    expect(refusal('http://dash.example:4001', 'dash.example:4000')?.status).toBe(403);
    expect(refusal('http://dash.example.evil.example', 'dash.example')?.status).toBe(403);
  });
});

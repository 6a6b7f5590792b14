import { describe, expect, test } from 'vitest';
import { NodeId } from '../../src/cluster/node-id.js';
import { InvalidNodeIdError } from '../../src/errors.js';

describe('a node id', () => {
  test.each([
    ['nodeA@127.0.0.1:4369', { name: 'nodeA', host: '127.0.0.1', port: 4369 }],
    ['n@db-1.example.com:1', { name: 'n', host: 'db-1.example.com', port: 1 }],
    ['a_b-c9@localhost:65535', { name: 'a_b-c9', host: 'localhost', port: 65535 }],
    ['v6@[::1]:4369', { name: 'v6', host: '::1', port: 4369 }],
    [`${'x'.repeat(64)}@h:80`, { name: 'x'.repeat(64), host: 'h', port: 80 }],
  ])('%s comes apart and together again', (text, parts) => {
    const id = NodeId.parse(text);
    expect(id).toBe(text);
    expect(NodeId.parts(id)).toEqual(parts);
    expect(NodeId.create(parts.name, parts.host, parts.port)).toBe(id);
    expect(NodeId.isValid(text)).toBe(true);
  });

  test.each([
    ['nodeA@LocalHost:4369', 'nodeA@localhost:4369'],
    ['nodeA@[0:0:0:0:0:0:0:1]:4369', 'nodeA@[::1]:4369'],
    ['nodeA@[FE80::00AB]:4369', 'nodeA@[fe80::ab]:4369'],
    ['nodeA@pod-0.web.default.svc.cluster.local.:4369', 'nodeA@pod-0.web.default.svc.cluster.local:4369'],
    ['nodeA@localhost.:4369', 'nodeA@localhost:4369'],
    ['nodeA@127.0.0.1.:4369', 'nodeA@127.0.0.1:4369'],
    ['nodeA@XN--MNCHEN-3YA.example:4369', 'nodeA@xn--mnchen-3ya.example:4369'],
  ])('%s has one spelling: %s', (text, canonical) => {
    expect(NodeId.parse(text)).toBe(canonical);
    expect(NodeId.isValid(text)).toBe(false);
    expect(NodeId.isValid(canonical)).toBe(true);
  });

  test.each([
    ['', 'name, an @'],
    ['nodeA', 'name, an @'],
    ['nodeA@host', 'name, an @'],
    ['@host:1', 'the name'],
    ['1node@host:1', 'the name'],
    ['no de@host:1', 'the name'],
    [`${'x'.repeat(65)}@host:1`, 'the name'],
    ['nodeA@:1', 'the host'],
    ['nodeA@ho st:1', 'the host'],
    ['nodeA@256.0.0.1:1', 'the host'],
    ['nodeA@-host:1', 'the host'],
    ['nodeA@host.1:1', 'the host'],
    ['nodeA@0x7f000001:1', 'the host'],
    ['nodeA@host.0x1:1', 'the host'],
    ['nodeA@xn--a:1', 'the host'],
    ['nodeA@xn--:1', 'the host'],
    ['nodeA@xn--abc-:1', 'the host'],
    ['nodeA@xn--99999999:1', 'the host'],
    ['nodeA@xn--bcher-kva8445foa-.example:1', 'the host'],
    ['nodeA@0x7f.1:1', 'the host'],
    ['nodeA@.:1', 'the host'],
    ['nodeA@host..:1', 'the host'],
    ['nodeA@[::1].:1', 'the host'],
    ['nodeA@b@c:1', 'the host'],
    ['nodeA@[::1:1', 'the host'],
    ['nodeA@[fe80::1%eth0]:1', 'the host'],
    ['nodeA@::1:1', 'in brackets'],
    ['nodeA@host:0', 'the port'],
    ['nodeA@host:65536', 'the port'],
    ['nodeA@host:01', 'the port'],
    ['nodeA@host:80 ', 'the port'],
    ['nodeA@host:1e3', 'the port'],
  ])('%j is none, and the error says why', (text, problem) => {
    expect(() => NodeId.parse(text)).toThrow(InvalidNodeIdError);
    expect(() => NodeId.parse(text)).toThrow(problem);
    expect(NodeId.isValid(text)).toBe(false);
  });

  test('is never made from what is no text', () => {
    for (const value of [undefined, null, 1, {}, ['nodeA@host:1']]) {
      expect(NodeId.isValid(value)).toBe(false);
      expect(() => NodeId.parse(value as string)).toThrow(InvalidNodeIdError);
    }
  });
});

import { describe, expect, test } from 'vitest';
import type { ClusterConfig } from '../../src/cluster/cluster-config.js';
import { readClusterConfig } from '../../src/cluster/read-cluster-config.js';
import { InvalidClusterConfigError } from '../../src/errors.js';

function fieldAtFault(config: Record<string, unknown>): string | undefined {
  try {
    readClusterConfig({ nodeName: 'nodeA', ...config } as ClusterConfig);
    return undefined;
  } catch (error) {
    expect(error).toBeInstanceOf(InvalidClusterConfigError);
    return (error as InvalidClusterConfigError).field;
  }
}

describe('a cluster config', () => {
  test('needs no more than a name', () => {
    expect(readClusterConfig({ nodeName: 'nodeA' })).toEqual({
      nodeName: 'nodeA',
      advertise: { host: '127.0.0.1' },
      listen: { host: '127.0.0.1', port: 4369 },
      seeds: [],
      clusterSecrets: [],
      observerSecrets: [],
      detector: { intervalMs: 1000, missThreshold: 5 },
      backoff: { baseMs: 1000, maxMs: 30_000 },
      forgetAfterMs: 60_000,
      description: { roles: [], metadata: {} },
    });
  });

  test.each([
    ['nodeName', undefined],
    ['nodeName', '9lives'],
    ['nodeName', 'a'.repeat(65)],
    ['nodeName', 'a@b'],
    ['host', 'not a host'],
    ['host', ''],
    ['host', 17],
    ['listen', 'nowhere!'],
    ['port', -1],
    ['port', 65_536],
    ['port', 4369.5],
    ['port', '4369'],
    ['port', Number.NaN],
    ['seeds', 'nodeA@host:1'],
    ['seeds[0]', ['nodeA']],
    ['seeds[0]', ['dns:nodes.example']],
    ['seeds[0]', ['dns:10.0.0.1:4369']],
    ['seeds[0]', ['host:0']],
    ['seeds[0]', ['host:65536']],
    ['seeds[0]', ['::1:4369']],
    ['advertise', '10.0.0.1:4369'],
    ['advertise.host', { host: '0.0.0.0' }],
    ['advertise.host', { host: 'not a host' }],
    ['advertise.port', { port: 0 }],
    ['advertise.address', { address: '10.0.0.1' }],
    ['seeds[1]', ['nodeA@host:1', 7]],
    ['clusterSecret', ''],
    ['clusterSecret', 1],
    ['observerSecret', ''],
    ['observerSecret', []],
    ['observerSecret', Array(9).fill('x')],
    ['observerSecret', 'there is no clusterSecret'],
    ['heartbeatIntervalMs', 0],
    ['heartbeatIntervalMs', Number.POSITIVE_INFINITY],
    ['heartbeatIntervalMs', 2 ** 31],
    ['heartbeatMissThreshold', 1],
    ['heartbeatMissThreshold', 2.5],
    ['reconnectBaseDelayMs', 0],
    ['reconnectMaxDelayMs', -5],
    ['reconnectMaxDelayMs', 999],
    ['forgetAfterMs', '60000'],
    ['minNodes', 0],
    ['minNodes', 1.5],
    ['minNodes', '2'],
    ['minNodes', 10_001],
    ['insecure', 'yes'],
    ['roles', 'worker'],
    ['roles', ['']],
    ['roles', [7]],
    ['roles', Array(1)],
    ['roles', ['wor\nker']],
    ['roles', ['a'.repeat(65)]],
    ['roles', ['worker', 'worker']],
    ['roles', Array.from({ length: 33 }, (_, at) => `role ${at}`)],
    ['roles', Array.from({ length: 32 }, (_, at) => `${String(at).padStart(2)}${'€'.repeat(62)}`)],
    ['metadata', 'zone a'],
    ['metadata', ['zone']],
    ['metadata', new Map([['zone', 'a']])],
    ['metadata', { zone: undefined }],
    ['metadata', { zone: null }],
    ['metadata', { zone: { name: 'a' } }],
    ['metadata', { zone: ['a'] }],
    ['metadata', { load: Number.NaN }],
    ['metadata', { zone: '\u001b[2J' }],
    ['metadata', { '': 'a' }],
    ['metadata', { 'zo\0ne': 'a' }],
    ['metadata', { constructor: 'a' }],
    ['metadata', JSON.parse('{ "__proto__": 1 }')],
    ['metadata', { notes: 'x'.repeat(4096) }],
    ['heartbeatInterval', 1000],
    ['toString', () => ''],
  ])('with a bad %s (%j) is refused by that name', (field, value) => {
    const key = field.replace(/\[.*/, '');
    expect(fieldAtFault({ [key]: value })).toBe(field);
  });

  test('may have roles and metadata up to their bounds, which later changes of the caller do not reach', () => {
    const roles = Array.from({ length: 32 }, (_, at) => `${at}`.padStart(64, '-'));
    const metadata = { zone: 'a', cores: 8, isSpot: false, notes: 'x'.repeat(4000) };
    const expected = { roles: [...roles], metadata: { ...metadata } };
    const { description } = readClusterConfig({ nodeName: 'nodeA', roles, metadata });
    roles.pop();
    metadata.cores = 0;
    expect(description).toEqual(expected);
    expect(Object.isFrozen(description.roles)).toBe(true);
    expect(Object.isFrozen(description.metadata)).toBe(true);
  });

  test('has no secret that is both for nodes and for observers', () => {
    const both = { clusterSecret: ['new', 'old'], observerSecret: ['onlookers', 'older onlookers'] };
    expect(readClusterConfig({ nodeName: 'nodeA', ...both })).toMatchObject({
      clusterSecrets: both.clusterSecret,
      observerSecrets: both.observerSecret,
    });
    expect(fieldAtFault({ clusterSecret: 'x', observerSecret: 'x' })).toBe('observerSecret');
    expect(fieldAtFault({ ...both, observerSecret: ['onlookers', 'old'] })).toBe('observerSecret');
  });

  test('of an observer has one of them, which is what it shows', () => {
    const shown = (config: Partial<ClusterConfig>) =>
      readClusterConfig({ nodeName: 'observer', ...config }, 'observer').clusterSecrets;
    expect(shown({ clusterSecret: 'members' })).toEqual(['members']);
    expect(shown({ observerSecret: ['new', 'old'] })).toEqual(['new', 'old']);
    expect(() => shown({ clusterSecret: 'members', observerSecret: 'onlookers' })).toThrow('give one of them');
    expect(() => shown({ observerSecret: '' })).toThrow('observerSecret');
  });

  test('that is no object is refused', () => {
    expect(() => readClusterConfig(undefined as never)).toThrow(InvalidClusterConfigError);
    expect(() => readClusterConfig(null as never)).toThrow(InvalidClusterConfigError);
  });

  test.each(['127.0.0.1', '127.3.2.1', '::1', '[::1]', 'localhost'])('may listen on %s without a secret', (host) => {
    expect(fieldAtFault({ host })).toBeUndefined();
  });

  test.each(['192.168.1.4', 'db.example.com', '2001:db8::1', '128.0.0.1'])(
    'may not listen on %s without one',
    (host) => {
      expect(fieldAtFault({ host })).toBe('host');
      expect(fieldAtFault({ listen: host })).toBe('listen');
      expect(fieldAtFault({ host, listen: '127.0.0.1' })).toBeUndefined();
      expect(fieldAtFault({ host, clusterSecret: 's3cret' })).toBeUndefined();
      expect(fieldAtFault({ host, insecure: true })).toBeUndefined();
    },
  );

  test('says where others reach it, if that is not where it listens', () => {
    const read = (config: Partial<ClusterConfig>) => readClusterConfig({ nodeName: 'nodeA', ...config }).advertise;
    expect(read({})).toEqual({ host: '127.0.0.1' });
    expect(read({ host: 'localhost', advertise: { port: 30_001 } })).toEqual({ host: 'localhost', port: 30_001 });
    expect(read({ advertise: { host: 'example.com.', port: 1 } })).toEqual({ host: 'example.com', port: 1 });
  });

  test.each(['0.0.0.0', '::', '10.0.0.1', '127.0.0.2', '::1', 'localhost'])(
    'that listens on %s must say where others reach it',
    (listen) => {
      expect(fieldAtFault({ listen, clusterSecret: 's3cret' })).toBe('host');
      expect(fieldAtFault({ listen, clusterSecret: 's3cret', host: '10.0.0.1' })).toBeUndefined();
      expect(fieldAtFault({ listen, clusterSecret: 's3cret', host: listen })).toBe(
        ['0.0.0.0', '::'].includes(listen) ? 'host' : undefined,
      );
      expect(fieldAtFault({ listen, clusterSecret: 's3cret', advertise: { host: '10.0.0.1' } })).toBeUndefined();
      expect(fieldAtFault({ listen, clusterSecret: 's3cret', advertise: { port: 1 } })).toBe('host');
    },
  );

  test('takes seeds in every form, in their canonical spelling', () => {
    const source = async () => [];
    const { seeds } = readClusterConfig({
      nodeName: 'nodeA',
      seeds: ['b@Host.:1', 'HOST:2', '[::0]:3', 'dns:Nodes.Example.:4', 'dns:5', source],
    });
    expect(seeds.map((seed) => (typeof seed === 'function' ? seed : [seed.text, seed.host, seed.isNamed]))).toEqual([
      ['b@host:1', 'host', true],
      ['host:2', 'host', true],
      ['[::]:3', '::', false],
      ['dns:nodes.example:4', 'nodes.example', true],
      ['dns:5', 'dns', true],
      source,
    ]);
    expect(readClusterConfig({ nodeName: 'nodeA', seeds: source }).seeds).toEqual([source]);
  });

  test('binds all addresses by listen, not by host: others cannot dial 0.0.0.0', () => {
    expect(fieldAtFault({ host: '0.0.0.0', clusterSecret: 's3cret' })).toBe('host');
    expect(fieldAtFault({ host: '::', clusterSecret: 's3cret' })).toBe('host');
    expect(fieldAtFault({ host: '10.0.0.1', listen: '0.0.0.0', clusterSecret: 's3cret' })).toBeUndefined();
    expect(fieldAtFault({ listen: '0.0.0.0' })).toBe('listen');
  });
});

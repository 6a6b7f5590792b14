import { fc } from '@fast-check/vitest';
import { encode } from '../../src/cluster/codec.js';
import { type Frame, PROTOCOL_VERSION } from '../../src/cluster/frames.js';
import { createNonce } from '../../src/cluster/mesh/handshake.js';
import { NodeId } from '../../src/cluster/node-id.js';
import { oddValue } from './hostile.js';

const nodeId = fc
  .constantFrom('nodeX@127.0.0.1:7001', 'nodeY@127.0.0.1:7002', 'n@[::1]:1')
  .map((text) => NodeId.parse(text));
const count = fc.oneof(fc.nat(5), fc.maxSafeNat());
const bytes32 = fc.nat(9).map((byte) => Buffer.alloc(32, byte).toString('base64'));
const nonce = fc.constant(null).map(createNonce);
const greeting = {
  protocol: fc.constant(PROTOCOL_VERSION),
  nodeId,
  incarnation: count,
  nonce: fc.oneof(nonce, bytes32),
  secured: fc.boolean(),
  version: fc.constantFrom('0.1.0', '2.0.0-rc.1'),
  features: fc.array(fc.constantFrom('messages', 'nothing'), { maxLength: 3 }),
  life: fc.constantFrom('uMTj6Vd5k1cPAXbY', 'k1cPAXbYuMTj6Vd5'),
  roles: fc.uniqueArray(fc.constantFrom('worker', 'web'), { maxLength: 2 }),
  metadata: fc.dictionary(fc.constantFrom('zone', 'cores'), fc.oneof(fc.constant('a'), fc.nat(), fc.boolean()), {
    noNullPrototype: true,
  }),
};
const is = <const Type extends string>(type: Type): fc.Arbitrary<Type> => fc.constant(type);
const mac = fc.oneof(bytes32, nonce);

const key = fc.string({ maxLength: 6 }).filter((text) => !['__proto__', 'constructor', 'prototype'].includes(text));

/** All that a body may hold. */
export const data: fc.Arbitrary<unknown> = fc.letrec((tie) => ({
  value: fc.oneof(
    { maxDepth: 4 },
    fc.constantFrom(undefined, null, true, -0, Number.NaN, Number.NEGATIVE_INFINITY),
    fc.string(),
    fc.double(),
    fc.bigInt(),
    fc.date({ noInvalidDate: true }),
    fc.string().map((message) => new Error(message)),
    fc.array(tie('value'), { maxLength: 5 }),
    fc.dictionary(key, tie('value'), { noNullPrototype: true, maxKeys: 5 }),
    fc.array(tie('value'), { maxLength: 5 }).map((items) => new Set(items)),
    fc.array(fc.tuple(tie('value'), tie('value')), { maxLength: 4 }).map((entries) => new Map(entries)),
  ),
})).value;

const METHODS = [
  'observer.report',
  'observer.watch',
  'observer.unwatch',
  'observer.log',
  'observer.unlog',
  'echo',
  '__proto__',
  'constructor',
] as const;
const known = fc.record(
  { incarnation: count, version: count, page: count, position: fc.integer() },
  { requiredKeys: [] },
);
const method = fc.constantFrom(...METHODS);
const body = fc.oneof(data, known, oddValue);

export const handshakeFrame: fc.Arbitrary<Frame> = fc.oneof(
  fc.record({ type: is('hello'), role: fc.constantFrom('member' as const, 'observer' as const), ...greeting }),
  fc.record({ type: is('challenge'), ...greeting }),
  fc.record({ type: is('proof'), mac }, { requiredKeys: ['type'] }),
  fc.record({ type: is('welcome'), mac }, { requiredKeys: ['type'] }),
  fc.record({ type: is('open') }),
  fc.record({
    type: is('refused'),
    reason: fc.constantFrom('auth_failed', 'leaving', 'news'),
    message: fc.constant('no'),
  }),
);

export const peerFrame: fc.Arbitrary<Frame> = fc.oneof(
  fc.record({
    type: is('members'),
    members: fc.array(fc.record({ id: nodeId, incarnation: count }), { maxLength: 5 }),
  }),
  fc.record({ type: is('heartbeat'), processCount: count, uptimeMs: fc.double({ min: 0, max: 1e300, noNaN: true }) }),
  fc.record({ type: fc.constantFrom('leave', 'probe', 'probe_ack', 'id_conflict') }),
  fc.record({ type: is('request'), id: count, method, body }),
  fc.record({ type: is('reply'), id: count, body }),
  fc.record(
    { type: is('failure'), id: count, message: fc.constant('no'), code: fc.constant('E') },
    { requiredKeys: ['type', 'id', 'message'] },
  ),
  fc.record({ type: is('notify'), topic: method, body }),
  fc.record({ type: is('items'), items: fc.array(fc.jsonValue({ maxDepth: 3 }), { maxLength: 3 }) }),
);

/** Every frame there is, valid. */
export const frame: fc.Arbitrary<Frame> = fc.oneof(handshakeFrame, { weight: 2, arbitrary: peerFrame });

/** As it travels, with its body in an envelope. A body that cannot travel is left out. */
export function sent(frames: fc.Arbitrary<Frame>): fc.Arbitrary<unknown> {
  return frames.map((each): unknown => {
    try {
      return JSON.parse(encode(each));
    } catch {
      return { ...each, body: undefined };
    }
  });
}

import { describe, expect, test } from 'vitest';
import { sentSpec } from '../../src/distributed-supervisor/sent-spec.js';
import { fromWire, refFromWire, requestFromWire, toWire } from '../../src/distributed-supervisor/wire-messages.js';

const spec = sentSpec({ id: 'x', behavior: 'worker', args: { at: 1 }, nodeSelector: { role: 'encoder' } });
const malformed = expect.objectContaining({ code: 'NOEX_PROTOCOL', reason: 'malformed' });

function thrownBy(act: () => unknown): unknown {
  try {
    return act();
  } catch (thrown) {
    return thrown;
  }
}

describe('a message of a distributed supervisor', () => {
  test('arrives as it was sent', () => {
    const place = { type: 'place', placement: 1, childId: 'x', spec, restarts: 0, lastNode: null, orphanTimeout: null };
    expect(fromWire(JSON.parse(JSON.stringify(place)), 'b')).toEqual(place);
    const exited = { type: 'exited', processId: 'p1', reason: { error: new RangeError('bad') }, isHandedOver: false };
    const received = fromWire(JSON.parse(JSON.stringify(toWire(exited as never))), 'b');
    expect(received).toMatchObject({ reason: { error: { remoteName: 'RangeError', message: 'bad' } } });
  });

  test.each([
    [null],
    [{}],
    [{ type: 'stop', processId: 7, isDuplicate: true }],
    [{ type: 'hosted', childId: 'x', processId: 'p1', spec: { ...spec, restart: 'always' } }],
    [{ type: 'hosted', childId: 'x', processId: 'p1', spec: { ...spec, nodeSelector: null } }],
    [{ type: 'exited', processId: 'p1', reason: {}, isHandedOver: false }],
    [{ type: 'child', childId: 'x', child: { spec } }],
    [{ type: 'restarts', ages: [-1] }],
  ])('that no version sends is refused: %j', (sent) => {
    expect(thrownBy(() => fromWire(sent, 'b'))).toEqual(malformed);
  });

  test('says which part is invalid', () => {
    const sent = { type: 'hosted', childId: 'x', processId: 'p1', spec: { ...spec, significant: 1 } };
    expect(() => fromWire(sent, 'b')).toThrow(
      'malformed: for a distributed supervisor: message.spec.significant must be one of true, false',
    );
  });

  test('of a later version is ignored', () => {
    expect(fromWire({ type: 'rebalance' }, 'b')).toBeUndefined();
    expect(requestFromWire({ type: 'move_child' })).toBeUndefined();
  });
});

describe('a request about a child', () => {
  test('has a complete spec', () => {
    expect(requestFromWire({ type: 'start_child', childId: 'x', spec })).toMatchObject({ childId: 'x' });
    expect(thrownBy(() => requestFromWire({ type: 'start_child', childId: 'x', spec: {} }))).toEqual(malformed);
    expect(thrownBy(() => requestFromWire({ type: 'restart_child' }))).toEqual(malformed);
  });

  test('is answered by a ref', () => {
    expect(refFromWire({ id: 'p1', life: 'a' })).toEqual({ id: 'p1', life: 'a' });
    expect(refFromWire(null)).toBeUndefined();
    expect(thrownBy(() => refFromWire('p1'))).toEqual(malformed);
  });
});

import { fc, test } from '@fast-check/vitest';
import { describe, expect } from 'vitest';
import { Session } from '../../../src/cluster/mesh/session.js';

function pair(secret = 'secret', transcript = 'transcript'): readonly [Session, Session] {
  return [new Session(secret, transcript, 'dialer'), new Session(secret, transcript, 'acceptor')];
}

const texts = fc.array(fc.string({ unit: 'binary' }), { minLength: 1, maxLength: 20 });

describe('what is sealed on one side of a link', () => {
  test.prop([texts, texts])('is opened on the other, in order, in both directions', (there, back) => {
    const [dialer, acceptor] = pair();
    for (const text of there) expect(acceptor.open(dialer.seal(text))).toBe(text);
    for (const text of back) expect(dialer.open(acceptor.seal(text))).toBe(text);
  });

  test.prop([fc.string({ minLength: 1 }), fc.nat(), fc.nat({ max: 0xffff })])(
    'does not fit when a character of it was changed',
    (text, place, code) => {
      const [dialer, acceptor] = pair();
      const sealed = dialer.seal(text);
      const at = place % sealed.length;
      const changed = sealed.slice(0, at) + String.fromCharCode(code) + sealed.slice(at + 1);
      fc.pre(changed !== sealed);
      expect(acceptor.open(changed)).toBeUndefined();
    },
  );

  test.prop([texts, fc.nat(), fc.nat()])('does not fit out of its place', (sent, from, to) => {
    const [dialer, acceptor] = pair();
    const sealed = sent.map((text) => dialer.seal(text));
    const moved = sealed
      .toSpliced(from % sent.length, 1)
      .toSpliced(to % sent.length, 0, sealed[from % sent.length] ?? '');
    const firstMoved = moved.findIndex((text, at) => text !== sealed[at]);
    fc.pre(firstMoved >= 0);
    for (const text of moved.slice(0, firstMoved)) expect(acceptor.open(text)).toBeDefined();
    expect(acceptor.open(moved[firstMoved] ?? '')).toBeUndefined();
  });

  test.prop([fc.string()])('does not fit twice, nor on its way back, nor on another link', (text) => {
    const [dialer, acceptor] = pair();
    const sealed = dialer.seal(text);
    expect(dialer.open(sealed)).toBeUndefined();
    expect(acceptor.open(sealed)).toBe(text);
    expect(acceptor.open(sealed)).toBeUndefined();
    expect(pair('another secret')[1].open(sealed)).toBeUndefined();
    expect(pair('secret', 'another transcript')[1].open(sealed)).toBeUndefined();
  });

  test.prop([fc.string({ unit: 'binary' })])('cannot be made without the key', (anything) => {
    expect(pair()[1].open(anything)).toBeUndefined();
  });
});

import { domainToASCII } from 'node:url';
import { describe, expect, test } from 'vitest';
import { isIdnLabel } from '../../src/cluster/idn-label.js';

describe('a label that begins with xn--', () => {
  // From RFC 3492, section 7.1, and from names that exist.
  test.each([
    'xn--bcher-kva',
    'xn--mnchen-3ya',
    'xn--wgv71a119e',
    'xn--fiqs8s',
    'xn--p1ai',
    'xn--mgbaam7a8h',
    'xn--ihqwcrb4cv8a8dqg056pqjye',
    'xn--de-jg4avhby1noc0d',
    'xn--d9juau41awczczp',
  ])('%s is a label in another script', (label) => {
    expect(isIdnLabel(label)).toBe(true);
  });

  test.each(['münchen', 'straße', 'ελλάδα', 'рф', '日本語', 'österreich-ä'])('is what %s becomes', (name) => {
    expect(isIdnLabel(domainToASCII(name))).toBe(true);
  });

  test.each([
    ['a control character', 'xn--a'],
    ['nothing', 'xn--'],
    ['ASCII only', 'xn--abc-'],
    ['beyond Unicode', 'xn--99999999'],
    ['cut off', 'xn--mnchen-3'],
    ['what is no digit', 'xn--mnchen-_ya'],
    ['an upper-case letter', 'xn--mnchen-psa'],
    ['not composed', 'xn--munchen-gie'],
  ])('is refused when it is %s', (_, label) => {
    expect(isIdnLabel(label)).toBe(false);
  });
});

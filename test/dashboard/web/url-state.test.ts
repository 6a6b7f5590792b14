import { describe, expect, test } from 'vitest';
import { type Address, DEFAULT_ADDRESS, fromHash, toHash } from '../../../src/dashboard/web/model/url-state.js';

describe('the address of the web dashboard', () => {
  test('says nothing of what is as at the start', () => {
    expect(toHash(DEFAULT_ADDRESS)).toBe('#processes');
    expect(fromHash('')).toEqual(DEFAULT_ADDRESS);
  });

  test('holds all that is chosen, and gives it back', () => {
    const address: Address = {
      view: 'tree',
      sorting: { column: 'waitP99', direction: 'ascending' },
      text: 'a & b #c',
      kind: 'supervisor',
      nodeId: 'nodeA@127.0.0.1:4369',
      logText: 'crashed',
      problemsOnly: true,
      process: 'nodeA@127.0.0.1:4369 p12',
    };
    expect(fromHash(toHash(address))).toEqual(address);
    expect(fromHash('#names?q=billing')).toEqual({ ...DEFAULT_ADDRESS, view: 'names', text: 'billing' });
    expect(toHash({ ...DEFAULT_ADDRESS, nodeId: address.nodeId })).toBe('#processes?node=nodeA@127.0.0.1:4369');
  });

  test('takes what makes no sense as not said', () => {
    expect(fromHash('#nowhere?sort=-nothing&kind=table&q=x')).toEqual({ ...DEFAULT_ADDRESS, text: 'x' });
  });
});

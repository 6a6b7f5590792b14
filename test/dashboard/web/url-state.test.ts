import { describe, expect, test } from 'vitest';
import { type Address, fromHash, START, toHash } from '../../../src/dashboard/web/model/url-state.js';

describe('the address of the web dashboard', () => {
  test('says nothing of what is as at the start', () => {
    expect(toHash(START)).toBe('#processes');
    expect(fromHash('')).toEqual(START);
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
    expect(toHash({ ...START, nodeId: address.nodeId })).toBe('#processes?node=nodeA@127.0.0.1:4369');
  });

  test('takes what makes no sense as not said', () => {
    expect(fromHash('#nowhere?sort=-nothing&kind=table&q=x')).toEqual({ ...START, text: 'x' });
  });
});

import { describe, expect, test } from 'vitest';
import type { GenServerRef } from '../../src/process/process-refs.js';
import { threeNodes } from '../helpers/observed-cluster.js';
import { rejectionOf } from '../helpers/rejections.js';

const echo = { init: () => null, handleCall: (message: unknown, state: null) => [message, state] as const };

const nested = (depth: number, leaf: unknown): unknown => {
  let value = leaf;
  for (let at = 0; at < depth; at += 1) value = [value];
  return value;
};

const nestedMaps = (depth: number): unknown => {
  let value: unknown = 'prototype';
  for (let at = 0; at < depth; at += 1) value = new Map([['key', value]]);
  return value;
};

async function echoOnB() {
  const [cluster, a, b] = await threeNodes();
  const ref: GenServerRef = await b.GenServer.start(echo);
  const downs: unknown[] = [];
  a.Cluster.onNodeDown((id) => downs.push(id));
  return { cluster, a, b, ref, downs };
}

describe('what the sender takes, the other side takes, and the link stays:', () => {
  test.each([
    ['63 arrays in one another, around a text that names a prototype', nested(63, 'prototype')],
    ['63 arrays in one another, around a control character', nested(63, 'line\u0000')],
    ['31 Maps in one another', nestedMaps(31)],
    ['39,890 texts', Array.from({ length: 39_890 }, () => '')],
    ['9,890 names', Object.fromEntries(Array.from({ length: 9890 }, (_, at) => [`name${at}`, 1]))],
  ])('%s', async (_name, message) => {
    const { cluster, a, ref, downs } = await echoOnB();
    expect(await cluster.settle(a.GenServer.call(ref, message))).toEqual(message);
    expect(downs).toEqual([]);
  });
});

describe('what the other side does not take is refused at the sender:', () => {
  test.each([
    ['40,000 texts', Array.from({ length: 40_000 }, () => '')],
    ['11,000 names', Object.fromEntries(Array.from({ length: 11_000 }, (_, at) => [`name${at}`, 1]))],
    ['65 arrays in one another', nested(65, 1)],
  ])('%s', async (_name, message) => {
    const { cluster, a, ref, downs } = await echoOnB();
    await expect(a.GenServer.call(ref, message)).rejects.toThrow(/message/);
    expect(await cluster.settle(a.GenServer.call(ref, 1))).toBe(1);
    expect(downs).toEqual([]);
  });

  test('the id of a process, the name of a behavior, and a name for a process of more than 200 characters', async () => {
    const { cluster, a, b, ref, downs } = await echoOnB();
    const long = 'x'.repeat(201);
    const target = { ...ref, id: long };
    expect(await rejectionOf(a.GenServer.call(target, 1))).toMatchObject({ field: 'ref.id' });
    expect(() => a.GenServer.cast(target, 1)).toThrow(/^ref.id must be at most 200 characters/);
    const start = (name: string, options: object) => a.GenServer.startRemote(name, { targetNode: b.id, ...options });
    expect(await rejectionOf(start(long, {}))).toMatchObject({ field: 'behaviorName' });
    expect(await rejectionOf(start('echo', { name: long }))).toMatchObject({ field: 'name' });
    expect(await cluster.settle(a.GenServer.call(ref, 1))).toBe(1);
    expect(downs).toEqual([]);
  });
});

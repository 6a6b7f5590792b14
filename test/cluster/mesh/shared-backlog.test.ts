import { describe, expect, test } from 'vitest';
import { SharedBacklog } from '../../../src/cluster/mesh/shared-backlog.js';

const MIB = 1024 * 1024;
const LIMITS = { total: 8 * MIB, each: MIB };

class Reader {
  readonly name: string;
  backlog = 0;

  constructor(name: string) {
    this.name = name;
  }
}

function share(count: number) {
  let now = 0;
  const ended: string[] = [];
  const backlog = new SharedBacklog<Reader>(
    LIMITS,
    () => now,
    (reader) => {
      ended.push(reader.name);
      backlog.leave(reader, reader);
    },
  );
  const readers = Array.from({ length: count }, (_, n) => new Reader(`reader${n}`));
  for (const reader of readers) backlog.join(reader);
  return { backlog, readers, ended, wait: (ms: number) => (now += ms) };
}

describe('what waits for several readers', () => {
  test('is at most 1 MiB for each while there are few of them, and for many a share of half of the total', () => {
    for (const [count, bytes] of [
      [1, MIB],
      [4, MIB],
      [16, MIB / 4],
      [1000, 64 * 1024],
    ] as const) {
      const { backlog, readers } = share(count);
      const [first] = readers;
      if (first === undefined) throw new Error('there are no readers');
      first.backlog = bytes - 1;
      expect(backlog.hasRoom(first)).toBe(true);
      first.backlog = bytes;
      expect(backlog.hasRoom(first)).toBe(false);
    }
  });

  test('ends the slowest beyond the total, those for which something has been waiting for longest, down to three quarters', () => {
    const { backlog, readers, ended, wait } = share(4);
    const [slow, large, late, quick] = readers as [Reader, Reader, Reader, Reader];
    slow.backlog = 2 * MIB;
    expect(backlog.hasRoom(quick)).toBe(true);
    wait(1000);
    expect(backlog.hasRoom(quick)).toBe(true);
    large.backlog = 3 * MIB;
    late.backlog = 3 * MIB;
    wait(1000);
    expect(backlog.hasRoom(quick)).toBe(false);
    expect(ended).toEqual(['reader0']);
    // What waits for it is in memory until its connection is gone; no other has to go for that.
    expect(backlog.hasRoom(quick)).toBe(false);
    expect(ended).toEqual(['reader0']);
    slow.backlog = 0;
    expect(backlog.hasRoom(quick)).toBe(true);
  });

  test('of those that have been behind for the same time, the one with most to come is the slowest', () => {
    const { backlog, readers, ended } = share(3);
    const [small, large, quick] = readers as [Reader, Reader, Reader];
    small.backlog = 3 * MIB;
    large.backlog = 5 * MIB;
    expect(backlog.hasRoom(quick)).toBe(false);
    expect(ended).toEqual(['reader1']);
  });

  test('never ends a reader for which nothing waits', () => {
    const { backlog, readers, ended, wait } = share(2);
    const [slow, quick] = readers as [Reader, Reader];
    slow.backlog = 8 * MIB;
    wait(1000);
    for (let n = 0; n < 3; n += 1) backlog.hasRoom(quick);
    expect(ended).toEqual(['reader0']);
  });
});

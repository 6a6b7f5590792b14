import { expect, test } from 'vitest';
import { Outbox } from '../../src/remote/outbox.js';

function outbox(unsent = 0) {
  const frames: string[][] = [];
  const requests: Outbox[] = [];
  const box = new Outbox({
    nodeId: 'nodeB@127.0.0.1:1',
    send: (items) => frames.push([...items]),
    unsent: () => unsent,
    requestFlush: (each) => requests.push(each),
  });
  return { box, frames, requests };
}

test('the items of a turn share a frame, and a flush is requested once', () => {
  const { box, frames, requests } = outbox();
  box.add('1');
  box.add('2');
  expect([frames, requests]).toEqual([[], [box]]);
  box.flush();
  box.flush();
  expect(frames).toEqual([['1', '2']]);
  box.add('3');
  expect(requests).toHaveLength(2);
});

test('a frame that is long enough is sent at once; an item that is longer goes alone', () => {
  const { box, frames } = outbox();
  const item = 'x'.repeat(15_000);
  for (let at = 0; at < 5; at += 1) box.add(item);
  box.add('y'.repeat(50_000));
  box.flush();
  expect(frames.map((frame) => frame.length)).toEqual([2, 2, 1, 1]);
});

test('what an ended channel has not sent is dropped: the next channel must not carry it', () => {
  const { box, frames } = outbox();
  box.add('old');
  box.close();
  box.flush();
  expect([frames, box.isEmpty]).toEqual([[], true]);
});

test('once the node has taken what waits, there is room again', () => {
  let unsent = 8 * 1024 * 1024;
  const ports = {
    nodeId: 'nodeB@127.0.0.1:1',
    send: () => undefined,
    unsent: () => unsent,
    requestFlush: () => undefined,
  };
  const box = new Outbox(ports);
  expect(() => box.checkRoom()).toThrow();
  unsent = 0;
  expect(() => box.checkRoom()).not.toThrow();
});

test('there is room until 8 MiB wait, those of this turn included', () => {
  expect(() => outbox(8 * 1024 * 1024 - 1).box.checkRoom()).not.toThrow();
  expect(() => outbox(8 * 1024 * 1024).box.checkRoom()).toThrow(/8388608 bytes wait for node nodeB/);
});

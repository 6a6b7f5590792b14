import { afterEach, expect, test, vi } from 'vitest';
import { systemClock } from '../../../src/clock.js';
import { Session } from '../../../src/cluster/mesh/session.js';
import { ReceiveQueue } from '../../../src/cluster/transport/receive-queue.js';

interface Seen {
  readonly inbox: ReceiveQueue;
  readonly frames: string[];
  readonly events: string[];
}

function inbox(onFrame: (text: string, inbox: ReceiveQueue) => void = () => undefined): Seen {
  const frames: string[] = [];
  const events: string[] = [];
  const box = new ReceiveQueue({
    onFrame: (text) => {
      frames.push(text);
      onFrame(text, box);
    },
    onForged: () => events.push('forged'),
    onPause: () => events.push('full'),
    onDrained: () => events.push('empty'),
  });
  return { inbox: box, frames, events };
}

/** Something that takes its time. */
function work(ms: number): void {
  const end = performance.now() + ms;
  while (performance.now() < end);
}

/** Replaces the clock. Returns what moves it on, ms. */
function slowMotion(): (ms: number) => void {
  let now = 0;
  vi.spyOn(systemClock, 'monotonic').mockImplementation(() => now);
  return (ms) => {
    now += ms;
  };
}

afterEach(() => {
  vi.restoreAllMocks();
});

/** A real second of work for others is many seconds on a busy machine. */
const PATIENCE = { timeout: 30_000 };

const NUMBERS = Array.from({ length: 1000 }, (_, at) => String(at));

test('what is quickly taken is handed over at once, frame by frame', () => {
  slowMotion();
  const { inbox: box, frames, events } = inbox();
  box.add(NUMBERS.slice(0, 500).join('\n'));
  for (const number of NUMBERS.slice(500)) box.add(number);
  expect(frames).toEqual(NUMBERS);
  expect(events).toEqual([]);
  box.add('');
  box.add('\n');
  expect(frames.slice(NUMBERS.length)).toEqual(['', '', '']);
});

test('what takes long is handed over bit by bit, in order, while others have their turns and nothing more is read', async () => {
  const { inbox: box, frames, events } = inbox(() => work(0.1));
  box.add(NUMBERS.slice(0, 400).join('\n'));
  expect(frames.length).toBeLessThan(400);
  expect(events).toEqual(['full']);
  expect(box.isPaused).toBe(true);
  // What the socket had read already still comes.
  box.add(NUMBERS.slice(400).join('\n'));
  let turns = 0;
  while (box.isPaused) {
    turns += 1;
    await new Promise(setImmediate);
  }
  expect(frames).toEqual(NUMBERS);
  expect(events).toEqual(['full', 'empty']);
  expect(turns).toBeGreaterThan(1);
});

test('many messages of one frame in one turn are handed over bit by bit, as well', async () => {
  const { inbox: box, frames, events } = inbox(() => work(0.1));
  for (const number of NUMBERS) box.add(number);
  expect(frames.length).toBeLessThan(NUMBERS.length);
  await vi.waitFor(() => expect(box.isPaused).toBe(false), PATIENCE);
  expect(frames).toEqual(NUMBERS);
  expect(events).toEqual(['full', 'empty']);
});

test.each([0.4, 1, 20])('frames that take %d ms each are handed over bit by bit, as well', async (ms) => {
  const pass = slowMotion();
  const { inbox: box, frames, events } = inbox(() => pass(ms));
  box.add(NUMBERS.slice(0, 100).join('\n'));
  expect(frames.length).toBe(16);
  expect(events).toEqual(['full']);
  await vi.waitFor(() => expect(box.isPaused).toBe(false), PATIENCE);
  expect(frames).toEqual(NUMBERS.slice(0, 100));
  expect(events).toEqual(['full', 'empty']);
});

test('large messages, too, are for half of the time at most', () => {
  const pass = slowMotion();
  const { inbox: box, frames, events } = inbox(() => pass(20));
  box.add('a large one');
  expect(events).toEqual(['full']);
  box.add('another');
  expect(frames).toEqual(['a large one']);
});

test('who asks, is answered and asks again is not kept waiting: others have had their time', () => {
  const pass = slowMotion();
  const { inbox: box, frames, events } = inbox(() => pass(0.04));
  for (const number of NUMBERS) {
    box.add(number);
    pass(0.06);
  }
  expect(frames).toEqual(NUMBERS);
  expect(events).toEqual([]);
});

test('nothing comes after it was cleared', async () => {
  const { inbox: box, frames, events } = inbox(() => work(0.1));
  box.add(NUMBERS.join('\n'));
  const { length } = frames;
  box.clear();
  await vi.waitFor(() => expect(events).toEqual(['full', 'empty']), PATIENCE);
  expect(frames.length).toBe(length);
});

test('once there is a seal every message has to fit it, and what comes after one that does not is dropped', () => {
  const ours = new Session('secret', 'transcript', 'dialer');
  const theirs = new Session('secret', 'transcript', 'acceptor');
  const { inbox: box, frames, events } = inbox();
  box.add('in the open');
  box.trust(ours);
  box.add(theirs.seal('one\ntwo'));
  expect(frames).toEqual(['in the open', 'one', 'two']);
  const next = theirs.seal('three');
  box.add(`${next}!`);
  expect(events).toEqual(['forged']);
  expect(frames).toEqual(['in the open', 'one', 'two']);
});

test('what follows in the same message on the frame that brought the seal fits no seal', () => {
  const ours = new Session('secret', 'transcript', 'dialer');
  const {
    inbox: box,
    frames,
    events,
  } = inbox((text) => {
    if (text === 'proof') box.trust(ours);
  });
  box.add('hello\nproof\nsent by an attacker\nand more');
  expect(frames).toEqual(['hello', 'proof']);
  expect(events).toEqual(['forged']);
});

import { expect, test } from 'vitest';
import { LinkRates, type LinkTotals } from '../../src/cluster/link-figures.js';
import { NodeId } from '../../src/cluster/node-id.js';

const id = NodeId.create('b', '127.0.0.1', 4370);
const none = {
  messagesSentPerSecond: 0,
  messagesReceivedPerSecond: 0,
  bytesSentPerSecond: 0,
  bytesReceivedPerSecond: 0,
};

/** After `seconds` of 10 and 20 messages, 1000 and 2000 bytes a second. */
const after = (seconds: number): ReadonlyMap<NodeId, LinkTotals> =>
  new Map([
    [
      id,
      {
        sentMessages: 10 * seconds,
        receivedMessages: 20 * seconds,
        sentBytes: 1000 * seconds,
        receivedBytes: 2000 * seconds,
      },
    ],
  ]);

test('rates are those of the last five seconds', () => {
  const rates = new LinkRates();
  expect(rates.of(id)).toEqual(none);
  rates.sample(after(0), 0);
  expect(rates.of(id)).toEqual(none);
  for (let second = 1; second <= 20; second += 1) rates.sample(after(second), 1000 * second);
  expect(rates.of(id)).toEqual({
    messagesSentPerSecond: 10,
    messagesReceivedPerSecond: 20,
    bytesSentPerSecond: 1000,
    bytesReceivedPerSecond: 2000,
  });
  for (let second = 21; second <= 25; second += 1) rates.sample(after(20), 1000 * second);
  expect(rates.of(id)).toEqual(none);
});

test('a late sample does not change the rate', () => {
  const rates = new LinkRates();
  rates.sample(after(0), 0);
  rates.sample(after(3), 3000);
  expect(rates.of(id).bytesSentPerSecond).toBe(1000);
});

test('a new link begins at zero, and one that is gone has no rates', () => {
  const rates = new LinkRates();
  rates.sample(after(50), 0);
  rates.sample(after(51), 1000);
  rates.sample(after(0), 2000);
  expect(rates.of(id)).toEqual(none);
  rates.sample(after(1), 3000);
  expect(rates.of(id).bytesSentPerSecond).toBe(1000);
  rates.sample(new Map(), 4000);
  expect(rates.of(id)).toEqual(none);
});

test('counts of messages that begin again make no negative rate, though more bytes were sent', () => {
  const rates = new LinkRates();
  rates.sample(after(1), 0);
  rates.sample(new Map([[id, { sentMessages: 0, receivedMessages: 0, sentBytes: 9000, receivedBytes: 9000 }]]), 1000);
  expect(rates.of(id)).toEqual(none);
});

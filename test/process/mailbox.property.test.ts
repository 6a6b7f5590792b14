import { fc, test } from '@fast-check/vitest';
import { expect } from 'vitest';
import { Mailbox } from '../../src/process/mailbox.js';

const steps = fc.array(fc.oneof(fc.record({ push: fc.nat(20) }), fc.record({ drop: fc.nat(20) })), { maxLength: 100 });

function agree(mailbox: Mailbox<string>, queue: readonly (readonly [number, string])[]): void {
  expect(mailbox.size).toBe(queue.length);
  const first = queue[0];
  if (first !== undefined) expect([mailbox.message, mailbox.envelope]).toEqual(first);
}

test.prop([steps])('a mailbox is a queue, through every wrap and growth', (program) => {
  const mailbox = new Mailbox<string>();
  const queue: (readonly [number, string])[] = [];
  let next = 0;
  for (const step of program) {
    if ('push' in step) {
      for (let i = 0; i < step.push; i += 1) {
        next += 1;
        mailbox.push(next, `envelope ${next}`);
        queue.push([next, `envelope ${next}`]);
      }
    } else {
      for (let i = 0; i < step.drop && queue.length > 0; i += 1) {
        mailbox.drop();
        queue.shift();
        agree(mailbox, queue);
      }
    }
    agree(mailbox, queue);
  }
});

test.prop([fc.integer({ min: 1, max: 5000 }), fc.nat(30)], { numRuns: 30 })(
  'a mailbox works on after a flood has gone and its memory with it',
  (flood, after) => {
    const mailbox = new Mailbox<string>();
    for (let i = 0; i < flood; i += 1) mailbox.push(i, 'flood');
    for (let i = 0; i < flood; i += 1) {
      expect(mailbox.message).toBe(i);
      mailbox.drop();
    }
    for (let i = 0; i < after; i += 1) mailbox.push(i, 'after');
    for (let i = 0; i < after; i += 1) {
      expect([mailbox.message, mailbox.envelope]).toEqual([i, 'after']);
      mailbox.drop();
    }
    expect(mailbox.size).toBe(0);
  },
);

test('a mailbox keeps messages that are undefined', () => {
  const mailbox = new Mailbox<string>();
  mailbox.push(undefined, 'a');
  mailbox.push(null, 'b');
  expect(mailbox.size).toBe(2);
  expect([mailbox.message, mailbox.envelope]).toEqual([undefined, 'a']);
});

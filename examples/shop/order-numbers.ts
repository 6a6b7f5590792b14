import { mkdir, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import {
  BehaviorRegistry,
  DistributedSupervisor,
  GenServer,
  type GenServerBehavior,
  type GenServerRef,
  GlobalRegistry,
  Registry,
} from 'noex';

/** The global name of the process that numbers orders. It is also the name of its behavior. */
const ORDER_NUMBERS = 'order-numbers';

/** How many numbers are reserved at once. The rest of a block is lost when its process ends: numbers have gaps. */
const BLOCK = 100;
const TIMEOUT_MS = 1000;
/** A node that hangs is lost after 5 s. Its process starts elsewhere 1 s later. */
const PATIENCE_MS = 10_000;

/** The next number, and the first one after the block that is reserved. */
interface State {
  readonly next: number;
  readonly end: number;
}

type OrderNumbers = GenServerRef<State, 'next', never, number>;
const numbers = GlobalRegistry.name<OrderNumbers>(ORDER_NUMBERS);

/**
 * Numbers orders. The blocks are kept outside of the process, where the next one finds them: each is an empty file,
 * which is the place of a row in a database. A file can be created only once. So each number is given out once, even
 * while a split network has two of these processes.
 */
function orderNumbers(folder: string): GenServerBehavior<State, 'next', never, number> {
  return {
    init(self) {
      // A name on its node as well, under which it is in the dashboard's list of processes.
      Registry.register(ORDER_NUMBERS, self);
      return { next: 0, end: 0 };
    },
    async handleCall(_message, { next, end }) {
      if (next < end) return [next, { next: next + 1, end }];
      const first = await reserveBlock(folder);
      return [first, { next: first + 1, end: first + BLOCK }];
    },
  };
}

async function reserveBlock(folder: string): Promise<number> {
  await mkdir(folder, { recursive: true });
  for (;;) {
    const last = Math.max(1 - BLOCK, ...(await readdir(folder)).map(Number));
    try {
      await writeFile(join(folder, `${last + BLOCK}`), '', { flag: 'wx' });
      return last + BLOCK;
    } catch (error) {
      // Another process was faster.
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    }
  }
}

/** Called on each node: one worker numbers the orders. When its node stops or is lost, another worker does. */
export async function superviseOrderNumbers(folder: string): Promise<void> {
  BehaviorRegistry.register(ORDER_NUMBERS, () => orderNumbers(folder));
  const child = { id: ORDER_NUMBERS, behavior: ORDER_NUMBERS, name: ORDER_NUMBERS };
  await DistributedSupervisor.start({ name: 'shop', nodeSelector: { role: 'worker' }, children: [child] });
}

/** The node that numbers orders now. */
export function numberingNode(): string | undefined {
  const ref = GlobalRegistry.whereis(ORDER_NUMBERS);
  return ref && GenServer.nodeOf(ref);
}

/** Gets the number of an order. A number that is lost on its way leaves a gap, so this asks again after any failure. */
export async function nextOrderNumber(): Promise<number> {
  const giveUpAt = Date.now() + PATIENCE_MS;
  for (;;) {
    try {
      return await GenServer.call(numbers, 'next', { timeout: TIMEOUT_MS });
    } catch (error) {
      if (Date.now() > giveUpAt) throw error;
      await delay(50);
    }
  }
}

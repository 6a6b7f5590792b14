import { setTimeout as delay } from 'node:timers/promises';
import { type GenServerBehavior, ProcessGroups } from 'noex';

export interface Order {
  readonly id: string;
  readonly item: string;
  readonly count: number;
}

export interface Receipt {
  readonly id: string;
  /** Absent: there is no such item. */
  readonly total?: number;
  /** The node that handled the order. */
  readonly node: string;
  readonly at: Date;
}

/** The group of all workers, on all nodes. */
export const STOCK = 'stock';

interface StockOptions {
  readonly node: string;
  /** Called with each order that is handled. */
  onOrder(id: string): void;
}

const PRICES: Readonly<Record<string, number>> = { tea: 4, coffee: 6 };

/** A worker that takes orders, one at a time. Its state: how many it has handled. */
export function stock({ node, onOrder }: StockOptions): GenServerBehavior<number, Order, never, Receipt> {
  return {
    // After a restart, too: the process that takes its place joins again.
    init(self) {
      ProcessGroups.join(STOCK, self);
      return 0;
    },
    async handleCall({ id, item, count }, handled) {
      onOrder(id);
      await delay(2);
      const price = PRICES[item];
      const total = price === undefined ? {} : { total: price * count };
      return [{ id, ...total, node, at: new Date() }, handled + 1];
    },
  };
}

import { setTimeout as delay } from 'node:timers/promises';
import type { GenServerBehavior, GenServerRef } from 'noex';

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

/** The state: how many orders this worker has handled. */
export type StockRef = GenServerRef<number, Order, never, Receipt>;

interface StockOptions {
  readonly node: string;
  /** Called with each order that is handled. */
  onOrder(id: string): void;
}

const PRICES: Readonly<Record<string, number>> = { tea: 4, coffee: 6 };

/** A worker that takes orders, one at a time. */
export function stock({ node, onOrder }: StockOptions): GenServerBehavior<number, Order, never, Receipt> {
  return {
    init: () => 0,
    async handleCall({ id, item, count }, handled) {
      onOrder(id);
      await delay(2);
      const price = PRICES[item];
      const total = price === undefined ? {} : { total: price * count };
      return [{ id, ...total, node, at: new Date() }, handled + 1];
    },
    handleCast: (_message, handled) => handled,
  };
}

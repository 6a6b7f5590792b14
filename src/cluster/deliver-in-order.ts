/**
 * Returns a function that passes each item to `deliver`, one item after the other. An item that arrives while `deliver`
 * runs waits until `deliver` returns. Items must not be `undefined`. If `deliver` throws, the waiting items are
 * delivered with the next item.
 */
export function deliverInOrder<T>(deliver: (item: T) => void): (item: T) => void {
  const queue: T[] = [];
  let isDelivering = false;
  return (item) => {
    queue.push(item);
    if (isDelivering) return;
    isDelivering = true;
    try {
      for (let next = queue.shift(); next !== undefined; next = queue.shift()) deliver(next);
    } finally {
      isDelivering = false;
    }
  };
}

/**
 * Returns a function that calls `deliver` with each item that it is given, one after the other. An item that is given
 * while `deliver` runs waits until `deliver` returns.
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

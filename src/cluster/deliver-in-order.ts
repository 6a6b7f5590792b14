/** Calls `deliver` for one item after the other, so that what a listener causes is delivered after the current item. */
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

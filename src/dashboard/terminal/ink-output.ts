import type { Size } from './layout.js';

/**
 * Creates the output stream for Ink: a proxy of `stdout` that passes each screen to `draw`. The proxy itself writes
 * nothing to the terminal. `size` returns the size of the terminal.
 */
export function createInkOutput(
  stdout: NodeJS.WriteStream,
  size: () => Size,
  draw: (screen: string) => void,
): NodeJS.WriteStream {
  const write = (screen: string, done?: () => void): boolean => {
    if (screen !== '') draw(screen);
    if (done !== undefined) queueMicrotask(done);
    return true;
  };
  return new Proxy(stdout, {
    get(target, property) {
      if (property === 'write') return write;
      // If the output were a TTY, Ink would write escape sequences that hide and show the cursor.
      if (property === 'isTTY') return false;
      if (property === 'columns' || property === 'rows') return size()[property];
      const value: unknown = Reflect.get(target, property);
      return typeof value === 'function' ? value.bind(target) : value;
    },
  });
}

import type { Size } from './layout.js';

/** What Ink takes for the terminal, of that size: whole frames go to `draw`, and nothing else gets out. */
export function canvas(
  stdout: NodeJS.WriteStream,
  size: () => Size,
  draw: (frame: string) => void,
): NodeJS.WriteStream {
  const write = (frame: string, done?: () => void): boolean => {
    if (frame !== '') draw(frame);
    if (done !== undefined) queueMicrotask(done);
    return true;
  };
  return new Proxy(stdout, {
    get(target, property) {
      if (property === 'write') return write;
      // Ink hides and shows the cursor of a terminal.
      if (property === 'isTTY') return false;
      if (property === 'columns' || property === 'rows') return size()[property];
      const value: unknown = Reflect.get(target, property);
      return typeof value === 'function' ? value.bind(target) : value;
    },
  });
}

/** What Ink takes for the terminal: whole frames go to `draw`, and nothing else gets out. */
export function canvas(stdout: NodeJS.WriteStream, draw: (frame: string) => void): NodeJS.WriteStream {
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
      const value: unknown = Reflect.get(target, property);
      return typeof value === 'function' ? value.bind(target) : value;
    },
  });
}

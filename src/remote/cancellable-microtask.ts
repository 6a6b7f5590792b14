/** Calls `action` in a microtask, unless the returned function is called before. */
export function runInMicrotask(action: () => void): () => void {
  let isPending = true;
  void Promise.resolve().then(() => isPending && action());
  return () => {
    isPending = false;
  };
}

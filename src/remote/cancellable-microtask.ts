/** Calls `action` in a microtask. Returns a function that cancels the call. */
export function runInMicrotask(action: () => void): () => void {
  let isPending = true;
  void Promise.resolve().then(() => isPending && action());
  return () => {
    isPending = false;
  };
}

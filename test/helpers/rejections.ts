/** What a promise rejects with. Rejects when it resolves. */
export async function rejectionOf(promise: Promise<unknown>): Promise<Error & Readonly<Record<string, unknown>>> {
  const outcome = await promise.then(
    () => undefined,
    (thrown) => ({ thrown }),
  );
  if (outcome === undefined) throw new Error('the promise was resolved');
  return outcome.thrown;
}

/** Any real time that must pass before a second look is worth it, ms. */
const LOOK_MS = 25;

/**
 * Resolves when there is nothing to complain of any more, with how long that took, ms. Rejects with the last complaint
 * when it takes longer than `boundMs`.
 */
export async function eventually(boundMs: number, complaint: () => Promise<string | undefined>): Promise<number> {
  const begun = performance.now();
  for (;;) {
    const wrong = await complaint();
    const took = performance.now() - begun;
    if (wrong === undefined) return took;
    if (took > boundMs) throw new Error(`after ${Math.round(took)} ms: ${wrong}`);
    await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
  }
}

/** Resolves when the event loop has been round once: whatever was due in this turn has been done. */
export function turn(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve);
  });
}

/** Lets the event loop go round until `condition` holds. A condition that never comes true is an error, not a hang. */
export async function until(condition: () => boolean): Promise<void> {
  for (let turns = 0; !condition(); turns += 1) {
    if (turns === 20_000) throw new Error(`it never came true: ${condition}`);
    await turn();
  }
}

import { once } from 'node:events';

/**
 * How long signals are ignored after {@link untilInterrupted} has resolved, ms. Under npm, one Ctrl+C reaches a program
 * twice: from the terminal, and from npm, which forwards the signal.
 */
const SAME_KEYSTROKE_MS = 500;

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/**
 * Resolves when this program should end: on SIGINT (Ctrl+C), SIGTERM or SIGHUP, or when its parent process has
 * disconnected.
 */
export async function untilInterrupted(): Promise<void> {
  const listening = new AbortController();
  const { signal } = listening;
  await Promise.race([...SIGNALS, 'disconnect'].map((event) => once(process, event, { signal })));
  const ignore = (): void => undefined;
  for (const name of SIGNALS) process.on(name, ignore);
  setTimeout(() => {
    for (const name of SIGNALS) process.off(name, ignore);
  }, SAME_KEYSTROKE_MS).unref();
  listening.abort();
}

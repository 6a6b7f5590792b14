import { startDashboard } from '../dashboard.js';
import type { Command } from './command-line.js';
import { untilInterrupted } from './interruption.js';
import { openInBrowser } from './open-in-browser.js';
import { whileAttached } from './while-attached.js';

/** Runs `noex dashboard`: serves the dashboard of a cluster until the program is interrupted. */
export async function dashboard(command: Extract<Command, { name: 'dashboard' }>): Promise<void> {
  const { target, port, host, token, open } = command;
  await whileAttached(target, async (source) => {
    const served = await startDashboard({ source, port, host, ...(token !== undefined && { token }) });
    process.stdout.write(`Dashboard: ${served.url}\n`);
    if (open) openInBrowser(served.url);
    await untilInterrupted();
    await served.close();
  });
}

import { spawn } from 'node:child_process';
import { startDashboard } from '../dashboard.js';
import type { Command } from './command-line.js';
import { untilInterrupted } from './interruption.js';
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

/** Opens the URL in the desktop's default browser. If no browser can be opened, prints a hint to stderr. */
export function openInBrowser(url: string): void {
  const [command, ...args] = OPENERS[process.platform] ?? ['xdg-open'];
  if (command === undefined) return;
  const opener = spawn(command, [...args, url], { stdio: 'ignore', detached: true });
  opener.once('error', () => process.stderr.write(`noex: no browser could be opened; go to ${url}\n`));
  opener.unref();
}

const OPENERS: { readonly [platform: string]: readonly string[] } = {
  darwin: ['open'],
  win32: ['explorer'],
};

import { spawn } from 'node:child_process';

/**
 * Opens the URL in the desktop's default browser. Prints a hint to stderr if the command that opens URLs cannot be
 * started. Does not notice if that command fails afterwards.
 */
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

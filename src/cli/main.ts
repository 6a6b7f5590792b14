#!/usr/bin/env node
import { readFile } from 'node:fs/promises';
import { readCommand, USAGE, UsageError } from './command-line.js';
import { dashboard } from './dashboard-command.js';
import { demo } from './demo-command.js';
import { observe } from './observe-command.js';

async function run(): Promise<void> {
  const command = readCommand(process.argv.slice(2), process.env, process.stdout.isTTY && process.stdin.isTTY);
  switch (command.name) {
    case 'help':
      process.stdout.write(USAGE);
      break;
    case 'version':
      process.stdout.write(`${await version()}\n`);
      break;
    case 'observe':
      await observe(command);
      break;
    case 'dashboard':
      await dashboard(command);
      break;
    case 'demo':
      await demo(command);
      break;
  }
}

async function version(): Promise<string> {
  // The path is relative to dist/src/cli/main.js.
  const manifest: unknown = JSON.parse(await readFile(new URL('../../../package.json', import.meta.url), 'utf8'));
  return String((manifest as { version: unknown }).version);
}

// A closed pipe, as in `noex observe ... | head`, is not an error.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error;
  process.exit(0);
});

try {
  await run();
} catch (error) {
  const message = error instanceof Error ? error.message : String(error);
  const hint = error instanceof UsageError ? ' (see noex --help)' : '';
  process.stderr.write(`noex: ${message}${hint}\n`);
  process.exitCode = 1;
}

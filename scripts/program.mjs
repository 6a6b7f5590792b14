import { spawn } from 'node:child_process';
import { root } from './ensure.mjs';

/** Runs a program in TypeScript to its end, with the arguments of this script after its own. Resolves with its exit code. */
export function runProgram(args, cwd = root) {
  const all = ['--import', 'tsx', ...args, ...process.argv.slice(2)];
  const child = spawn(process.execPath, all, { cwd, stdio: ['ignore', 'inherit', 'inherit'] });
  // Ctrl+C reaches the child by itself: this process stays until it is gone.
  process.on('SIGINT', () => undefined);
  process.on('SIGTERM', () => child.kill());
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('exit', (code) => resolve(code ?? 1));
  });
}

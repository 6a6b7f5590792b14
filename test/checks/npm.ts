import { execFile } from 'node:child_process';

/** Runs npm to its end; rejects with what it printed when it fails. */
export function npm(...args: readonly string[]): Promise<void> {
  const { FORCE_COLOR: _, ...inherited } = process.env;
  const env = { ...inherited, NO_COLOR: '1', NODE_ENV: 'development' };
  const options = { env, maxBuffer: 2 ** 28, shell: process.platform === 'win32' };
  return new Promise((resolve, reject) => {
    execFile('npm', args, options, (error, stdout, stderr) => {
      if (error === null) resolve();
      else reject(new Error(`npm ${args.join(' ')} failed:\n${stdout}${stderr}`));
    });
  });
}

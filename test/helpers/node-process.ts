import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { join } from 'node:path';

const ROOT = join(import.meta.dirname, '..', '..');

/** A real operating-system process, and what it printed. */
export interface RealProcess {
  readonly child: ChildProcess;
  readonly pid: number;
  /** All of its output so far, both streams. */
  output(): string;
  /** Resolves when `isThere` holds of the output from `from` on; rejects, with the output, when the process ends before. */
  printed(isThere: (output: string) => boolean, from?: number): Promise<void>;
  /** Resolves with the exit code, or the name of the signal. */
  readonly ended: Promise<number | string>;
  signal(name: NodeJS.Signals): void;
}

/** Starts a node of the example with the given arguments. */
export function startExample(args: readonly string[]): RealProcess {
  return start(['--import', 'tsx', 'node.ts', ...args], join(ROOT, 'examples', 'cluster-observer'));
}

/** Starts a server that the dashboard is mounted in, as the example does it. */
export function startMounted(program: 'http.ts' | 'express.ts' | 'fastify.ts', port: number): RealProcess {
  return start(['--import', 'tsx', program, String(port)], join(ROOT, 'examples', 'dashboard'));
}

/** Starts the built command line with the given arguments. */
export function startCli(args: readonly string[], env: Readonly<Record<string, string>> = {}): RealProcess {
  return start([join(ROOT, 'dist', 'src', 'cli', 'main.js'), ...args], ROOT, env);
}

/** Starts a program of its own, in a folder of its own. */
export function startProgram(args: readonly string[], cwd: string): RealProcess {
  return start(args, cwd);
}

function start(args: readonly string[], cwd: string, env: Readonly<Record<string, string>> = {}): RealProcess {
  const child = spawn(process.execPath, [...args], {
    cwd,
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  if (child.pid === undefined) throw new Error('the process did not start');
  let output = '';
  const watchers = new Set<() => void>();
  const grew = (text: string): void => {
    output += text;
    for (const watch of watchers) watch();
  };
  child.stdout.setEncoding('utf8').on('data', grew);
  child.stderr.setEncoding('utf8').on('data', grew);
  // 'close' comes after the last output, 'exit' may come before it.
  const ended = once(child, 'close').then(([code, signal]) => (code ?? signal) as number | string);
  return {
    child,
    pid: child.pid,
    output: () => output,
    printed: (isThere, from = 0) =>
      new Promise((resolve, reject) => {
        const watch = (): void => {
          if (!isThere(output.slice(from))) return;
          watchers.delete(watch);
          resolve();
        };
        watchers.add(watch);
        watch();
        ended.then(() => {
          watchers.delete(watch);
          reject(new Error(`it ended, having printed:\n${output}`));
        });
      }),
    ended,
    signal: (name) => void child.kill(name),
  };
}

/** A port on 127.0.0.1 without a listener. */
export function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      server.close(() => {
        if (typeof address === 'object' && address !== null) resolve(address.port);
        else reject(new Error('no port'));
      });
    });
  });
}

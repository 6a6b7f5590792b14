import { readFile } from 'node:fs/promises';
import { type AttachedObserver, attach } from '../distribution.js';
import { type Command, UsageError } from './command-line.js';

/**
 * Ignores the errors of individual nodes. The output already shows the status of each node, and text on stderr would
 * corrupt the full-screen dashboard.
 */
const quiet = (): void => undefined;

type Target = Extract<Command, { name: 'observe' }>['target'];

/**
 * Attaches to the cluster, runs `work`, and detaches when `work` has settled. Rejects with the error of `attach` or
 * `work`, or with UsageError for a PEM file that cannot be read.
 */
export async function whileAttached(
  { addresses, secret, tls }: Target,
  work: (cluster: AttachedObserver) => Promise<void>,
): Promise<void> {
  const cluster = await attach(addresses, {
    onError: quiet,
    ...(secret !== undefined && { clusterSecret: secret }),
    ...(tls !== undefined && { tls: await readAll(tls) }),
  });
  try {
    await work(cluster);
  } finally {
    await cluster.detach();
  }
}

async function readAll(files: NonNullable<Target['tls']>): Promise<Record<string, string>> {
  const contents = Object.entries(files).map(async ([what, file]) => [what, await readPem(what, file)] as const);
  return Object.fromEntries(await Promise.all(contents));
}

async function readPem(what: string, file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8');
  } catch (cause) {
    // The message omits the given value: users may have passed the key itself instead of its path.
    const { code = 'unreadable' } = cause as NodeJS.ErrnoException;
    throw new UsageError(`cannot read the PEM file given with --${what} (${code})`);
  }
}

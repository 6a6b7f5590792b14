import { existsSync } from 'node:fs';
import { findProgram } from './find-program.js';

/** The tests read the path of the server from the environment. */
export function setup(): void {
  process.env['NATS_SERVER_PATH'] = ensureNatsServer();
}

/** A NATS server: NATS_SERVER_PATH, or one on the path, or Debian's, which is installed here where that is possible. */
export function ensureNatsServer(): string {
  const chosen = process.env['NATS_SERVER_PATH'];
  if (chosen && !existsSync(chosen)) throw new Error(`NATS_SERVER_PATH: there is no file ${chosen}`);
  const found = chosen || findProgram(['nats-server'], 'nats-server');
  if (found) return found;
  throw new Error(
    'no NATS server found for the tests: install it (on Debian: apt-get install nats-server), or give its path: NATS_SERVER_PATH=/path/to/nats-server npm test',
  );
}

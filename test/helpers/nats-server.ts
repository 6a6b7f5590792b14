import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ensureNatsServer } from '../setup/nats-server.js';
import { freePort } from './node-process.js';

/** A real NATS server on 127.0.0.1. */
export class NatsServer {
  readonly port: number;
  readonly url: string;
  readonly #config: string;
  readonly #folder: string;
  #process: ChildProcess;

  /** Starts a server. @param config further lines of its configuration file */
  static async start(config = ''): Promise<NatsServer> {
    const server = new NatsServer(await freePort(), config);
    await server.#listening();
    return server;
  }

  private constructor(port: number, config: string) {
    this.port = port;
    this.url = `nats://127.0.0.1:${port}`;
    this.#folder = mkdtempSync(join(tmpdir(), 'noex-nats-'));
    this.#config = join(this.#folder, 'server.conf');
    writeFileSync(this.#config, `listen: "127.0.0.1:${port}"\n${config}\n`);
    this.#process = this.#spawn();
  }

  get pid(): number {
    return this.#process.pid ?? 0;
  }

  /** Kills the server, and starts it again at the same address. All connections are lost. */
  async restart(): Promise<void> {
    await this.kill();
    this.#process = this.#spawn();
    await this.#listening();
  }

  async kill(): Promise<void> {
    if (this.#process.exitCode !== null || this.#process.signalCode !== null) return;
    const ended = once(this.#process, 'exit');
    this.#process.kill('SIGKILL');
    await ended;
  }

  /** Changes the configuration of the running server. */
  async configure(config: string): Promise<void> {
    writeFileSync(this.#config, `listen: "127.0.0.1:${this.port}"\n${config}\n`);
    this.#process.kill('SIGHUP');
  }

  async stop(): Promise<void> {
    await this.kill();
    rmSync(this.#folder, { recursive: true, force: true });
  }

  #spawn(): ChildProcess {
    return spawn(ensureNatsServer(), ['-c', this.#config], { stdio: 'ignore' });
  }

  async #listening(): Promise<void> {
    for (let attempt = 0; attempt < 500; attempt += 1) {
      if (await accepts(this.port)) return;
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
    throw new Error(`the NATS server does not listen on port ${this.port}`);
  }
}

function accepts(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    socket.once('connect', () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', () => resolve(false));
  });
}

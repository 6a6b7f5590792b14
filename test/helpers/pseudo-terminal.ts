import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import xterm, { type Terminal } from '@xterm/headless';

export interface PseudoTerminalOptions {
  readonly columns?: number;
  readonly rows?: number;
  /** The terminal does not know its size, and says 0 x 0, until it is resized. */
  readonly isSizeless?: boolean;
  readonly env?: NodeJS.ProcessEnv;
}

/** A line that the shell prints around the program: which terminal it is, and how that is set. */
const SETTINGS = /^settings (\S+) (\S+)\r?$/gm;

/** A program in a real pseudo-terminal, that of util-linux's `script`; what it draws is put together by xterm's emulator. */
export class PseudoTerminal {
  readonly emulator: Terminal;
  readonly #child: ChildProcess;
  readonly #watchers = new Set<() => void>();
  readonly #ended: Promise<number | string>;
  #output = '';

  constructor(command: readonly string[], options: PseudoTerminalOptions = {}) {
    const { columns = 80, rows = 24, isSizeless = false, env = {} } = options;
    this.emulator = new xterm.Terminal({ cols: columns, rows, allowProposedApi: true });
    const quoted = command.map((word) => `'${word.replaceAll("'", "'\\''")}'`).join(' ');
    const settings = 'echo; echo settings $(tty) $(stty -g)';
    const size = isSizeless ? 'stty rows 0 cols 0' : `stty rows ${rows} cols ${columns}`;
    const line = `${size}; ${settings}; ${quoted}; code=$?; ${settings}; exit $code`;
    // Without a terminal there are no colours; this is a terminal, wherever the tests run.
    const { CI, ...ours } = process.env;
    this.#child = spawn('script', ['-qefc', line, '/dev/null'], {
      env: {
        ...ours,
        TERM: 'xterm-256color',
        LANG: 'C.UTF-8',
        LC_ALL: '',
        NO_COLOR: '',
        SHELL: '/bin/sh',
        ...env,
      },
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    this.#child.stdout?.setEncoding('utf8').on('data', (text: string) => {
      this.#output += text;
      this.emulator.write(text, () => {
        for (const watch of this.#watchers) watch();
      });
    });
    const failed = new Promise<never>((_, reject) => {
      this.#child.once('error', (cause) => {
        reject(new Error('`script` of util-linux is needed: install it (Debian: apt-get install bsdutils)', { cause }));
      });
    });
    const closed = once(this.#child, 'close').then(([code, signal]) => (code ?? signal) as number | string);
    this.#ended = Promise.race([closed, failed]);
    this.#ended.catch(() => undefined);
  }

  /** Resolves with the exit code of the program. */
  get ended(): Promise<number | string> {
    return this.#ended;
  }

  /** All that the program wrote, escape sequences and all. */
  get output(): string {
    return this.#output;
  }

  /** How the terminal was set before the program ran, and, when it has ended, after it. */
  get settings(): readonly string[] {
    return [...this.#output.matchAll(SETTINGS)].map(([, , settings = '']) => settings);
  }

  /** What is on the screen, line by line. */
  get screen(): readonly string[] {
    const { active } = this.emulator.buffer;
    return Array.from({ length: this.emulator.rows }, (_, row) => {
      return active.getLine(active.baseY + row)?.translateToString(true) ?? '';
    });
  }

  /** Resolves when this is on the screen; rejects, with the screen, when the program ends before. */
  shows(text: string | RegExp): Promise<void> {
    const isThere = (): boolean => {
      const screen = this.screen.join('\n');
      return typeof text === 'string' ? screen.includes(text) : text.test(screen);
    };
    return new Promise((resolve, reject) => {
      const watch = (): void => {
        if (!isThere()) return;
        this.#watchers.delete(watch);
        resolve();
      };
      this.#watchers.add(watch);
      watch();
      const isGone = (): void => {
        this.#watchers.delete(watch);
        reject(new Error(`it ended before "${text}" was shown:\n${this.screen.join('\n')}`));
      };
      this.#ended.then(isGone, reject);
    });
  }

  press(keys: string): void {
    this.#child.stdin?.write(keys);
  }

  resize(columns: number, rows: number): void {
    const [, device = ''] = new RegExp(SETTINGS.source, 'm').exec(this.#output) ?? [];
    this.emulator.resize(columns, rows);
    const { status, stderr } = spawnSync('stty', ['-F', device, 'rows', String(rows), 'cols', String(columns)]);
    if (status !== 0) throw new Error(`stty: ${stderr}`);
  }

  /** Hangs up, as a terminal does that is closed. */
  close(): void {
    this.#child.kill('SIGTERM');
  }
}

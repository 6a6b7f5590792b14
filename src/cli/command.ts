import { type ParseArgsConfig, parseArgs } from 'node:util';

/** What somebody typed, understood. */
export type Command =
  | { readonly name: 'help' }
  | { readonly name: 'version' }
  | {
      readonly name: 'observe';
      readonly target: Target;
      /** `screen`: the full-screen dashboard; `everyMs`: again and again. */
      readonly output: 'screen' | 'text' | 'json';
      readonly everyMs?: number;
    }
  | {
      readonly name: 'dashboard';
      readonly target: Target;
      readonly port: number;
      readonly host: string;
      /** Absent: one is made when it takes one. `false`: none, said aloud. */
      readonly token?: string | false;
      readonly open: boolean;
    }
  | { readonly name: 'demo'; readonly port: number; readonly everyMs: number; readonly open: boolean };

/** The cluster to look at. */
interface Target {
  /** `name@host:port`, one or more of which any will do. */
  readonly addresses: readonly string[];
  readonly secret?: string;
  /** Files in PEM. Absent: no TLS. */
  readonly tls?: { readonly ca: string; readonly cert?: string; readonly key?: string };
}

/** What is wrong with what was typed, for people. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}

export const USAGE = `noex: one look at a whole cluster

  noex observe <name@host:port>...     full-screen dashboard in this terminal
      --once                           one overview as text; also when the output is no terminal
      --json                           the cluster snapshot as JSON, once
      --every <ms>                     with --json or --once: again and again, so many ms apart
  noex dashboard <name@host:port>...   the same for the browser
      --port <port>                    default 4000; 0: any that is free
      --host <address>                 where to listen, default 127.0.0.1; another takes a token
      --token <text>                   what opening it takes; with another host a random one
      --no-token                       opening it takes nothing, although others can reach it
      --open                           opens it in the browser
  noex demo                            three nodes with a little load, and their dashboard
      --port, --open                   of the dashboard
      --every <ms>                     time between two overviews, default 5000

  -s, --secret <text>                  of observers or the cluster; better in NOEX_CLUSTER_SECRET
      --ca <file>                      links are encrypted, by certificates of this authority
      --cert <file>, --key <file>      what shows them that this is one of theirs, if they ask
  -h, --help                           this
  -v, --version                        the version of noex

Any node of the cluster will do: the others are learned from it. Looking on makes nobody a member.
`;

const LONGEST_MS = 86_400_000;

const HELP = { help: { type: 'boolean', short: 'h' }, version: { type: 'boolean', short: 'v' } } as const;
const TARGET = {
  secret: { type: 'string', short: 's' },
  ca: { type: 'string' },
  cert: { type: 'string' },
  key: { type: 'string' },
} as const;

/** @throws UsageError */
export function readCommand(
  args: readonly string[],
  env: Readonly<Record<string, string | undefined>>,
  isTerminal: boolean,
): Command {
  const [name = 'help', ...rest] = args;
  switch (name) {
    case 'help':
    case '-h':
    case '--help':
      return { name: 'help' };
    case '-v':
    case '--version':
      return { name: 'version' };
    case 'observe':
      return readObserve(rest, env, isTerminal);
    case 'dashboard':
      return readDashboard(rest, env);
    case 'demo':
      return readDemo(rest);
    default:
      throw new UsageError(`there is no command '${name}'; there are observe, dashboard, demo`);
  }
}

type Env = Readonly<Record<string, string | undefined>>;

function readObserve(args: readonly string[], env: Env, isTerminal: boolean): Command {
  const { values, positionals } = parse(args, {
    ...HELP,
    ...TARGET,
    once: { type: 'boolean' },
    json: { type: 'boolean' },
    every: { type: 'string' },
  });
  if (values.help === true) return { name: 'help' };
  if (values.version === true) return { name: 'version' };
  const everyMs = values.every === undefined ? undefined : wholeNumber('--every', values.every, 1, LONGEST_MS);
  const output = values.json === true ? 'json' : values.once === true || !isTerminal ? 'text' : 'screen';
  if (everyMs !== undefined && output === 'screen') throw new UsageError('--every goes with --json or --once');
  return {
    name: 'observe',
    target: target('observe', positionals, values, env),
    output,
    ...(everyMs !== undefined && { everyMs }),
  };
}

function readDashboard(args: readonly string[], env: Env): Command {
  const { values, positionals } = parse(args, {
    ...HELP,
    ...TARGET,
    port: { type: 'string', short: 'p' },
    host: { type: 'string' },
    token: { type: 'string' },
    'no-token': { type: 'boolean' },
    open: { type: 'boolean' },
  });
  if (values.help === true) return { name: 'help' };
  if (values.version === true) return { name: 'version' };
  if (values.token !== undefined && values['no-token'] === true) {
    throw new UsageError('--token and --no-token exclude each other');
  }
  if (values.token !== undefined && values.token.length < 16) {
    throw new UsageError('--token takes at least 16 characters; leave it out, and one is made up where it takes one');
  }
  const token = values['no-token'] === true ? false : values.token;
  return {
    name: 'dashboard',
    target: target('dashboard', positionals, values, env),
    port: wholeNumber('--port', values.port ?? '4000', 0, 65_535),
    host: values.host ?? '127.0.0.1',
    ...(token !== undefined && { token }),
    open: values.open === true,
  };
}

function readDemo(args: readonly string[]): Command {
  const { values, positionals } = parse(args, {
    ...HELP,
    port: { type: 'string', short: 'p' },
    every: { type: 'string' },
    open: { type: 'boolean' },
  });
  if (values.help === true) return { name: 'help' };
  if (values.version === true) return { name: 'version' };
  if (positionals[0] !== undefined) throw new UsageError(`demo takes no '${positionals[0]}'`);
  return {
    name: 'demo',
    port: wholeNumber('--port', values.port ?? '4000', 0, 65_535),
    everyMs: wholeNumber('--every', values.every ?? '5000', 1, LONGEST_MS),
    open: values.open === true,
  };
}

interface TargetValues {
  readonly secret?: string;
  readonly ca?: string;
  readonly cert?: string;
  readonly key?: string;
}

function target(
  command: string,
  addresses: readonly string[],
  { secret, ca, cert, key }: TargetValues,
  env: Env,
): Target {
  if (addresses.length === 0) {
    throw new UsageError(`${command} needs the address of a node, such as nodeA@127.0.0.1:4369`);
  }
  const given = secret ?? env['NOEX_CLUSTER_SECRET'];
  if ((cert === undefined) !== (key === undefined)) throw new UsageError('--cert and --key belong together');
  if (cert !== undefined && ca === undefined)
    throw new UsageError('--cert goes with --ca: whose certificates the nodes have');
  const identity = cert !== undefined && key !== undefined ? { cert, key } : {};
  return {
    addresses,
    ...(given !== undefined && given !== '' && { secret: given }),
    ...(ca !== undefined && { tls: { ca, ...identity } }),
  };
}

function parse<Options extends NonNullable<ParseArgsConfig['options']>>(args: readonly string[], options: Options) {
  try {
    return parseArgs({ args: [...args], options, allowPositionals: true, strict: true });
  } catch (cause) {
    throw new UsageError(cause instanceof Error ? cause.message.replaceAll('\n', ' ') : String(cause), { cause });
  }
}

function wholeNumber(option: string, text: string, least: number, most: number): number {
  if (/^\d+$/.test(text) && Number(text) >= least && Number(text) <= most) return Number(text);
  // Without what was given: to some programs -p is a password.
  throw new UsageError(`${option} takes a whole number from ${least} to ${most}`);
}

import { type ParseArgsConfig, parseArgs } from 'node:util';

/** The parsed command line. */
export type Command =
  | { readonly name: 'help' }
  | { readonly name: 'version' }
  | {
      readonly name: 'observe';
      readonly target: Target;
      /** `screen`: the full-screen dashboard. `text`, `json`: printed output. */
      readonly output: 'screen' | 'text' | 'json';
      /** The interval at which output is printed, ms. Absent: output is printed once. Always absent with `screen`. */
      readonly everyMs?: number;
    }
  | {
      readonly name: 'dashboard';
      readonly target: Target;
      readonly port: number;
      readonly host: string;
      /** The access token. Absent: a token is generated if one is needed. `false`: authentication is disabled. */
      readonly token?: string | false;
      readonly open: boolean;
    }
  | { readonly name: 'demo'; readonly port: number; readonly everyMs: number; readonly open: boolean };

/** The cluster to observe. */
interface Target {
  /** One or more addresses `name@host:port`; reaching any one of them is enough. */
  readonly addresses: readonly string[];
  readonly secret?: string;
  /** The paths of PEM files. Absent: links are not encrypted with TLS. */
  readonly tls?: { readonly ca: string; readonly cert?: string; readonly key?: string };
}

/** An invalid command line. Its message is text for the user. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}

export const USAGE = `noex: observe a running cluster

  noex observe <name@host:port>...     full-screen dashboard in the terminal
      --once                           print one overview as text; the default without a terminal
      --json                           print one cluster snapshot as JSON
      --every <ms>                     with --json or --once: repeat at this interval
  noex dashboard <name@host:port>...   serve the dashboard to a browser
      --port <port>                    port to listen on, default 4000; 0: any free port
      --host <address>                 address to listen on, default 127.0.0.1; others need a token
      --token <text>                   access token; default beyond loopback: a random one
      --no-token                       disable authentication
      --open                           open the dashboard in the browser
  noex demo                            run three nodes with some load, and their dashboard
      --port, --open                   as for the dashboard
      --every <ms>                     interval between two overviews, default 5000

  -s, --secret <text>                  cluster or observer secret; better: NOEX_CLUSTER_SECRET
      --ca <file>                      encrypt links; PEM file of the certificate authority
      --cert <file>, --key <file>      client certificate and key, where the nodes require one
  -h, --help                           show this help
  -v, --version                        show the version of noex

The address of any node is enough: the observer discovers the others through it. It is not a member.
`;

/** The longest interval of `--every`: one day, ms. */
const LONGEST_MS = 86_400_000;

const HELP = { help: { type: 'boolean', short: 'h' }, version: { type: 'boolean', short: 'v' } } as const;
const TARGET = {
  secret: { type: 'string', short: 's' },
  ca: { type: 'string' },
  cert: { type: 'string' },
  key: { type: 'string' },
} as const;

/**
 * Parses the command line.
 *
 * @param args arguments without the Node.js executable and the script
 * @param env environment variables; `NOEX_CLUSTER_SECRET` is the default of `--secret`
 * @param isTerminal whether input and output are a terminal; if not, `observe` prints text or JSON
 * @throws UsageError for an unknown command, an unknown or invalid option, or a missing or unexpected argument
 */
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
      throw new UsageError(`unknown command '${name}'; expected observe, dashboard or demo`);
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
  if (everyMs !== undefined && output === 'screen') throw new UsageError('--every requires --json or --once');
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
    throw new UsageError('--token and --no-token cannot be combined');
  }
  if (values.token !== undefined && values.token.length < 16) {
    throw new UsageError(
      '--token needs at least 16 characters; without --token, a token is generated if one is needed',
    );
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
  if (positionals[0] !== undefined)
    throw new UsageError(`unexpected argument '${positionals[0]}'; demo takes no addresses`);
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
  if ((cert === undefined) !== (key === undefined)) throw new UsageError('--cert and --key must be given together');
  if (cert !== undefined && ca === undefined)
    throw new UsageError('--cert requires --ca, the certificate authority of the nodes');
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
  // The message omits the given value, which may be a password: in some other programs, -p takes a password.
  throw new UsageError(`${option} takes a whole number from ${least} to ${most}`);
}

import { parseArgs } from 'node:util';
import { NodeId } from 'noex';

export interface Options {
  readonly name: string;
  readonly port: number;
  readonly seeds: readonly string[];
  /** ms */
  readonly interval: number;
}

export const USAGE = `Usage: npx tsx node.ts --name <name> [options]

  -n, --name <name>            node name: a letter, then letters, digits, _ or - (required)
  -p, --port <port>            cluster port (default 4369)
  -s, --seed <name@host:port>  a node to join; may be given several times
      --interval <ms>          time between two overviews (default 5000)
  -h, --help                   show this
`;

/** The options, or what is wrong with them, or `'help'`. */
export function readOptions(args: readonly string[]): Options | { readonly problems: readonly string[] } | 'help' {
  let values: ReturnType<typeof parse>['values'];
  try {
    ({ values } = parse(args));
  } catch (error) {
    return { problems: [error instanceof Error ? error.message : String(error)] };
  }
  if (values.help === true) return 'help';

  const problems: string[] = [];
  const { name = '', port = '4369', seed: seeds = [], interval = '5000' } = values;
  if (name === '') problems.push('--name is required');
  else if (!NodeId.isValid(`${name}@127.0.0.1:4369`)) problems.push(`--name '${name}' is not a node name`);
  if (!isWholeNumber(port, 1, 65_535)) problems.push(`--port '${port}' is not a port (1 to 65535)`);
  if (!isWholeNumber(interval, 1, 86_400_000))
    problems.push(`--interval '${interval}' is not a number of ms, at least 1`);
  for (const seed of seeds) {
    try {
      NodeId.parse(seed);
    } catch (error) {
      problems.push(`--seed ${error instanceof Error ? error.message : error}`);
    }
  }
  if (problems.length > 0) return { problems };
  return { name, port: Number(port), seeds, interval: Number(interval) };
}

function parse(args: readonly string[]) {
  return parseArgs({
    args: [...args],
    options: {
      name: { type: 'string', short: 'n' },
      port: { type: 'string', short: 'p' },
      seed: { type: 'string', short: 's', multiple: true },
      interval: { type: 'string' },
      help: { type: 'boolean', short: 'h' },
    },
  });
}

function isWholeNumber(text: string, least: number, most: number): boolean {
  return /^\d+$/.test(text) && Number(text) >= least && Number(text) <= most;
}

import { createServer, type Server } from 'node:net';
import { afterEach, describe, expect, test } from 'vitest';
import { freePort, type RealProcess, startExample } from '../../helpers/node-process.js';

const running = new Set<RealProcess>();

function start(...args: readonly string[]): RealProcess {
  const process = startExample(args);
  running.add(process);
  return process;
}

afterEach(async () => {
  for (const process of running) {
    process.signal('SIGKILL');
    await process.ended;
  }
  running.clear();
});

interface Trio {
  readonly a: RealProcess;
  readonly b: RealProcess;
  readonly c: RealProcess;
  readonly ids: readonly string[];
}

async function startThree(): Promise<Trio> {
  const ports = [await freePort(), await freePort(), await freePort()];
  const ids = ports.map((port, at) => `node${'ABC'[at]}@127.0.0.1:${port}`);
  const [a, b, c] = ports.map((port, at) => {
    const seed = at === 0 ? [] : ['-s', ids[0] ?? ''];
    return start('-n', `node${'ABC'[at]}`, '-p', String(port), ...seed, '--interval', '250');
  });
  if (a === undefined || b === undefined || c === undefined) throw new Error('three, please');
  for (const node of [a, b, c]) await node.printed((output) => output.includes('Connected nodes: 3'));
  return { a, b, c, ids };
}

/** The overviews in a node's output, the last one possibly cut off. */
function overviews(output: string): readonly string[] {
  return output.split(/^(?=Cluster Overview)/m).slice(1);
}

/** Waits until the node has printed one more whole overview of which `isSo` holds. */
async function shows(node: RealProcess, isSo: (overview: string) => boolean): Promise<void> {
  await node.printed((output) => overviews(output).slice(0, -1).some(isSo), node.output().length);
}

describe('three nodes in three terminals', () => {
  test('show the same picture, in the form the page promises, however long they run', async () => {
    const { a, b, c, ids } = await startThree();
    for (const node of [a, b, c]) {
      const from = node.output().length;
      await node.printed((output) => overviews(output).length > 8, from);
      const whole = overviews(node.output().slice(from)).slice(0, 8);
      for (const overview of whole) {
        const [head = '', breakdown = ''] = overview.split('\n\n');
        const local = ids[[a, b, c].indexOf(node)] ?? '';
        expect(head).toMatch(/^Cluster Overview \(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z\):$/m);
        expect(head.split('\n').slice(1)).toEqual([
          '  Total nodes: 3',
          '  Connected nodes: 3',
          '  Total processes: 12',
          '  Total servers: 9',
          '  Total supervisors: 3',
          '  Total messages: 90',
          '  Total restarts: 0',
        ]);
        const rows = breakdown.trimEnd().split('\n');
        expect(rows[0]).toBe('Per-node breakdown:');
        const inOrder = [local, ...ids.filter((id) => id !== local)];
        inOrder.forEach((id, at) => {
          const [title, ...figures] = rows.slice(1 + 6 * at, 7 + 6 * at);
          expect(title).toBe(`  ${id}${id === local ? ' (local)' : ''}:`);
          expect(figures.slice(0, 4)).toEqual([
            '    Status: connected',
            '    Processes: 4',
            '    Messages: 30',
            '    Restarts: 0',
          ]);
          expect(figures[4]).toMatch(/^ {4}Memory: \d+\.\d\d MB$/);
        });
        expect(rows).toHaveLength(19);
      }
    }
  });

  test('begin with the statistics of their own processes', async () => {
    const { a, ids } = await startThree();
    expect(a.output().split('\n').slice(0, 6)).toEqual([
      `Local Statistics (${ids[0]}):`,
      '  Processes: 4',
      '  Servers: 3',
      '  Supervisors: 1',
      '  Messages: 30',
      '  Restarts: 0',
    ]);
    expect(a.output().indexOf('Cluster Overview')).toBeGreaterThan(0);
  });

  test('say who left, when one is stopped with Ctrl+C, and show it no more', async () => {
    const { a, b, c, ids } = await startThree();
    c.signal('SIGINT');
    expect(await c.ended).toBe(0);
    for (const node of [a, b]) {
      await node.printed((output) => output.includes(`Node left: ${ids[2]} (graceful_shutdown)`));
      await shows(node, (overview) => overview.includes('Total nodes: 2') && overview.includes('Total processes: 8'));
    }
  });

  test('show one that was killed as disconnected, and when it is back, as connected', async () => {
    const { a, b, c, ids } = await startThree();
    c.signal('SIGKILL');
    expect(await c.ended).toBe('SIGKILL');
    for (const node of [a, b]) {
      await shows(
        node,
        (overview) =>
          overview.includes('  Total nodes: 3\n  Connected nodes: 2\n  Total processes: 8\n') &&
          overview.includes(
            `  ${ids[2]}:\n    Status: disconnected\n    Error: the link is down: its connection closed\n`,
          ),
      );
    }
    const port = ids[2]?.split(':').at(-1) ?? '';
    start('--name', 'nodeC', '--port', port, '--seed', ids[1] ?? '');
    await shows(a, (overview) => overview.includes('Connected nodes: 3') && overview.includes('Total messages: 90'));
  });
});

describe('the command line', () => {
  test.each([
    [[], '--name is required'],
    [['--name'], "'-n, --name <value>'"],
    [['--name', '9to5'], "--name '9to5'"],
    [['--name', 'a', '--port', 'http'], "--port 'http'"],
    [['--name', 'a', '--port', '65536'], "--port '65536'"],
    [['--name', 'a', '--seed', 'nodeA'], "--seed 'nodeA'"],
    [['--name', 'a', '--interval', '0'], "--interval '0'"],
    [['--name', 'a', '--colour', 'red'], "'--colour'"],
    [['--name', 'a', 'b'], "'b'"],
  ])('%j prints what is wrong and how it is done, and exits with 2', async (args, problem) => {
    const node = start(...args);
    expect(await node.ended).toBe(2);
    expect(node.output()).toContain(problem);
    expect(node.output()).toContain('Usage: npx tsx node.ts --name <name> [options]');
  });

  test('takes a seed in any spelling of its host', async () => {
    const node = start('--name', 'a', '--seed', 'nodeA@LocalHost:4369', '--port', 'http');
    expect(await node.ended).toBe(2);
    expect(node.output()).toContain("--port 'http'");
    expect(node.output()).not.toContain("--seed '");
  });

  test('--help shows the usage and exits with 0', async () => {
    const node = start('-h');
    expect(await node.ended).toBe(0);
    expect(node.output()).toMatch(/^Usage: /);
  });

  test('a port that is taken is said to be, and exits with 1', async () => {
    const port = await freePort();
    const holder: Server = createServer();
    await new Promise<void>((resolve) => {
      holder.listen(port, '127.0.0.1', resolve);
    });
    const node = start('--name', 'late', '--port', String(port));
    expect(await node.ended).toBe(1);
    expect(node.output()).toContain(`${port}`);
    expect(node.output()).toContain('taken');
    await new Promise((resolve) => {
      holder.close(resolve);
    });
  });
});

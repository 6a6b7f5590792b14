import { cleanup, render } from 'ink-testing-library';
import stringWidth from 'string-width';
import { afterEach, describe, expect, test } from 'vitest';
import { Dashboard } from '../../../src/dashboard/terminal/dashboard.js';
import type { Size } from '../../../src/dashboard/terminal/layout.js';
import { reduce } from '../../../src/dashboard/terminal/reducer.js';
import { initialState, type State } from '../../../src/dashboard/terminal/state.js';
import { ALPHA, BETA, fixture, halfDead, NOW, press, processOf, startedWith } from '../../helpers/terminal.js';

const SMALL: Size = { columns: 80, rows: 24 };
const LARGE: Size = { columns: 140, rows: 40 };

afterEach(cleanup);

/** The lines that are drawn; each as long as what is on it. */
function drawn(state: State): readonly string[] {
  const { stdout, rerender, lastFrame } = render(<Dashboard state={state} />);
  Object.defineProperty(stdout, 'columns', { value: state.size.columns });
  rerender(<Dashboard state={{ ...state }} />);
  return (lastFrame() ?? '').split('\n');
}

const screen = (state: State): string => drawn(state).join('\n');

/** What is on the screen after these keys, from the table of processes on. */
const shownAfter = (size: Size, ...keys: readonly string[]): string =>
  screen(press(startedWith(halfDead, size), ...keys));

const line = (text: string, part: string): string => text.split('\n').find((each) => each.includes(part)) ?? '';

describe.each([SMALL, LARGE, { columns: 40, rows: 12 }, { columns: 220, rows: 60 }])('$columns x $rows', (size) => {
  test.each([
    ['processes', ['1']],
    ['processes, filtered', ['1', '/', 'alpha']],
    ['nodes', ['2']],
    ['nodes, one of them', ['2', 'down', 'down']],
    ['the links of a node', ['2', 'down', 'l']],
    ['tree', ['3']],
    ['log', ['4']],
    ['log, paused', ['4', 'p']],
    ['names', ['5']],
    ['the members of a group', ['5', 'end', 'enter']],
    ['a process', ['enter']],
    ['a supervisor', ['/', 'root', 'enter', 'enter']],
    ['an entry', ['4', 'up', 'up', 'enter']],
    ['help', ['?']],
  ] as const)('%s fill the screen exactly', (_, keys) => {
    const lines = drawn(press(startedWith(halfDead, size), ...keys));
    expect(lines).toHaveLength(size.rows);
    expect(Math.max(...lines.map((each) => stringWidth(each)))).toBeLessThanOrEqual(size.columns);
  });
});

describe('the head', () => {
  test('says in words how the cluster is', () => {
    const [first, second, third] = shownAfter(SMALL).split('\n');
    expect(first).toMatch(/noex {2}via alpha@10.0.0.1:4369 +● 1 connected {2}✖ 1 disconnected/);
    expect(second).toMatch(/3 processes {2}13 msg\/s {2}queue 4 {2}2 restarts +data 0.4 s old/);
    expect(third).toContain('[1 Processes] 2 Nodes  3 Tree  4 Log ✖ 2 5 Names');
  });

  test('shows every tab on a terminal of 40 columns, also with alarms and a filter', () => {
    const narrow = { columns: 40, rows: 15 };
    const tabs = (...keys: readonly string[]) => shownAfter(narrow, ...keys).split('\n')[2] ?? '';
    expect(tabs()).toContain('[1 Processes] 2  3  4 ✖ 2 5');
    expect(tabs('4')).toContain('1  2  3 [4 Log] 5');
    expect(tabs('5', '/', 'alpha')).toContain('1  2  3  4 ✖ 2[5 Names]');
  });

  test('has no alarm left after the log was opened', () => {
    expect(line(shownAfter(SMALL, '4', '1'), '[1 Proc')).not.toContain('✖');
  });

  test('says that it is paused, that the data is old, and that there is no more', () => {
    expect(shownAfter(SMALL, 'p')).toContain('PAUSED, data 0.4 s old');
    const state = startedWith(halfDead);
    expect(screen(reduce(state, { type: 'tick', now: NOW + 59_600 }))).toContain('▲ data 1m 0s old');
    expect(screen(reduce(state, { type: 'ended' }))).toContain('✖ no more data');
  });

  test('before the first data, says so', () => {
    expect(screen(initialState('x', SMALL, NOW))).toMatch(/– msg\/s.*no data yet\n.*Waiting for the first data/s);
  });
});

describe('processes', () => {
  test('have their figures; what is not known is not invented', () => {
    const busy = line(shownAfter(SMALL), 'alpha-busy');
    expect(busy).toMatch(/❯ ● alpha-busy +alpha +4 +1\.0 +12 ms +250 ms +–/);
    expect(line(shownAfter(SMALL), 'alpha-idle')).toMatch(/ {2}● alpha-idle +alpha +0 +0 +– +– +–/);
  });

  test('of a node that died are marked, with their last figures', () => {
    expect(line(shownAfter(SMALL), 'beta-busy')).toMatch(/ {2}✖ beta-busy +beta +4 /);
    // Up until then.
    expect(line(shownAfter(LARGE), 'beta-busy')).toMatch(/✖ beta-busy .*disconnected .* 0s$/);
  });

  test('lose columns when it is narrow, the most important last', () => {
    const head = (columns: number) => line(shownAfter({ columns, rows: 24 }), 'NAME');
    expect(head(45)).toMatch(/NAME +QUEUE↓ +MSG\/S *$/);
    expect(head(50)).toMatch(/NAME +QUEUE↓ +MSG\/S +P99 HANDLE *$/);
    expect(line(shownAfter(SMALL), 'NAME')).toContain('RESTARTS');
    expect(line(shownAfter(LARGE), 'NAME')).toMatch(/KIND +STATUS .*UPTIME/);
  });

  test('show whole names where there is room', () => {
    const name = `worker-${'x'.repeat(20)}`;
    const view = {
      timestamp: NOW,
      monotonic: NOW,
      nodes: [{ ...fixture(ALPHA), processes: [processOf(ALPHA, 'p1', { name })] }],
    };
    expect(screen(startedWith(view, LARGE))).toContain(`${name} `);
    expect(screen(startedWith(view, SMALL))).toMatch(/worker-x+…/);
    expect(screen(startedWith(view, LARGE))).toContain(ALPHA);
  });

  test('do not steer the terminal by their names', () => {
    const name = '\u001b[2Jevil\u202e\r\n';
    const view = {
      timestamp: NOW,
      monotonic: NOW,
      nodes: [{ ...fixture(ALPHA), processes: [processOf(ALPHA, 'p1', { name })] }],
    };
    expect(screen(startedWith(view, LARGE))).toContain('\\u001B[2Jevil\\u202E\\r\\n');
  });

  test('are drawn only as many as there is room for', () => {
    const processes = Array.from({ length: 10_000 }, (_, i) => processOf(ALPHA, `p${i}`));
    const text = screen(startedWith({ timestamp: NOW, monotonic: NOW, nodes: [{ ...fixture(ALPHA), processes }] }));
    expect(text.match(/●.* alpha /g)).toHaveLength(19);
    expect(text).toContain('1 of 10,000');
  });

  test('say why there are none', () => {
    expect(shownAfter(SMALL, '/', 'zzz')).toContain('No process passes the filter');
  });
});

describe('nodes', () => {
  test('have their figures, and say what is wrong', () => {
    const text = shownAfter(SMALL, '2');
    expect(line(text, 'alpha  ')).toMatch(/● alpha +connected +0\.4 s +13 +4 +42 ms +31 % +9\.54 MB/);
    expect(line(text, 'beta  ')).toMatch(/✖ beta +disconnected +1m 15s/);
    expect(text).toContain('the link is down: no heartbeats arrived');
    // It reports no vitals.
    expect(line(text, 'beta  ')).toMatch(/ – +– /);
  });

  test('have the figures of the links of the chosen node, on any width', () => {
    const narrow = shownAfter(SMALL, '2', 'down').split('\n');
    const figures = narrow.findIndex((each) => each.includes('slowest round trip'));
    expect(narrow[figures]?.trim()).toBe('links 1  slowest round trip 2.1 ms to beta  backlog 512 kB  reconnects 2');
    expect(narrow[figures + 1]?.trim()).toBe('out 1.20 k msgs/s, 34.0 kB/s  in 7.0 msgs/s, 512 B/s');
    expect(line(shownAfter(LARGE, '2', 'down'), 'slowest round trip')).toMatch(
      /reconnects 2 {2}out .* {2}in 7\.0 msgs/,
    );
    // The other node has never reported links.
    expect(shownAfter(SMALL, '2', 'down', 'down')).not.toContain('slowest round trip');
  });

  test('have their links, one by one, the slowest first', () => {
    const opened = press(startedWith(halfDead, LARGE), '2', 'down', 'l');
    expect(screen(opened)).toMatch(/Links of alpha.*Waiting for the links/s);
    const link = {
      nodeId: BETA,
      messagesSentPerSecond: 1200,
      messagesReceivedPerSecond: 7,
      bytesSentPerSecond: 34_816,
      bytesReceivedPerSecond: 512,
      roundTripMs: 2.1,
      backlogBytes: 0,
      reconnects: 2,
    };
    const links = [link, { ...link, nodeId: 'gamma@10.0.0.3:4369', roundTripMs: 812 }];
    const arrived = reduce(opened, { type: 'links', nodeId: ALPHA, links });
    const text = screen(arrived);
    expect(line(text, 'beta@')).toMatch(/beta@10.0.0.2:4369 +2.1 ms +1.20 k +7.0 +34.0 kB +512 B +0 B +2/);
    expect(text.indexOf('gamma@')).toBeLessThan(text.indexOf('beta@'));
    // They stay while a later request fails, and belong to that node only.
    const failed = reduce(arrived, { type: 'links', nodeId: ALPHA, problem: 'no answer' });
    expect(screen(failed)).toBe(text);
    expect(screen(reduce(arrived, { type: 'links', nodeId: BETA, links: [] }))).toBe(text);
    expect(screen(reduce(opened, { type: 'links', nodeId: ALPHA, problem: 'no answer' }))).toContain('no answer');
    expect(screen(press(arrived, 'escape'))).toContain('last 10 minutes');
    expect(press(startedWith(halfDead, LARGE), '2', 'l').overlays).toEqual([]);
  });

  test('have charts: of all, and of the one that is chosen', () => {
    expect(shownAfter(SMALL, '2')).toMatch(/all nodes {2}last 10 minutes.*messages\/s.*[⠁-⣿]/s);
    expect(shownAfter(SMALL, '2', 'down')).toContain(`${ALPHA}  last 10 minutes`);
    expect(line(shownAfter(LARGE, '2'), 'messages/s')).toContain('queue');
  });
});

test('the tree is nested across nodes', () => {
  expect(
    shownAfter(SMALL, '3')
      .split('\n')
      .slice(4, 10)
      .map((each) => each.slice(0, 30).trimEnd()),
  ).toEqual([
    `❯ ▾ ● ${ALPHA}`,
    '    ▾ ■ alpha-root',
    '        ● alpha-busy',
    '        ● alpha-idle',
    `  ▾ ✖ ${BETA}`,
    '    ▾ ✖ beta-root',
  ]);
  expect(shownAfter(SMALL, '3', 'left')).toContain(`▸ ● ${ALPHA}`);
});

test('the log says how bad things are by marks and words', () => {
  const text = shownAfter(SMALL, '4');
  expect(text).toMatch(/· alpha genserver alpha-busy \(p2\) started/);
  expect(text).toMatch(/✖ alpha genserver alpha-idle \(p3\) crashed: TypeError: nothing there/);
  expect(text).toMatch(/▲ alpha alpha-busy \(p2\) blocked the event loop for 180 ms/);
  expect(text).toMatch(/✖ beta {2}node down: no heartbeats arrived/);
});

test('an entry is shown with where its error came from', () => {
  expect(shownAfter(SMALL, '4', 'up', 'up', 'enter')).toContain('    at work (file.js:1:2)');
});

test('a process is shown with its figures, relatives and last entries', () => {
  const text = shownAfter(SMALL, 'enter');
  expect(text).toMatch(/id +p2 +queue +4/);
  expect(text).toMatch(/node +alpha@10.0.0.1:4369 +msg\/s +1\.0/);
  expect(text).toMatch(/loop blocked +0/);
  expect(text).toMatch(/dropped +0/);
  // Its node does not report them.
  expect(text).not.toMatch(/restarts +[0–]/);
  expect(text).toMatch(/parent ■ alpha-root/);
  expect(text).toContain('blocked the event loop for 180 ms');
  expect(shownAfter(SMALL, '/', 'beta-busy', 'enter', 'enter')).toContain('✖ node disconnected; as of 1m 15s ago');
  expect(line(text, 'parent ■')).toContain('2 children, 2 restarts');
});

test('a process that reports all counts leaves the header and the footer in their places', () => {
  const processes = [processOf(ALPHA, 'p1', { restarts: 1, rejected: 2 })];
  const view = { timestamp: NOW, monotonic: NOW, nodes: [{ ...fixture(ALPHA), processes }] };
  const lines = drawn(press(startedWith(view), 'enter'));
  expect(lines.at(0)).toContain('1 connected');
  expect(lines.at(-1)).toContain('quit');
});

test('a terminal that is too small says so', () => {
  expect(screen(startedWith(halfDead, { columns: 30, rows: 5 }))).toBe('40 x 12 needed');
});

describe('the names view', () => {
  test('says who owns each name, since when and where, and which groups have few or no members', () => {
    const lines = shownAfter(LARGE, '5').split('\n').slice(3, 9);
    expect(lines.map((each) => each.trim().replace(/ {2,}/g, ' | '))).toEqual([
      'NAME | KIND | OWNER, MEMBERS | NODE | FOR',
      '❯ | billing | name | alpha-busy | alpha@10.0.0.1:4369 | 30s',
      '✖ couriers | group | no members | 5s',
      '▸ idle | group | 1 member | alpha@10.0.0.1:4369 1',
      '▸ workers | group | 2 members | alpha@10.0.0.1:4369 2',
      '',
    ]);
  });

  test('lists the members of a group with Enter or an arrow key, and hides them again', () => {
    const members = ['alpha-busy', 'alpha-idle'];
    const listed = (...keys: readonly string[]) =>
      members.filter((name) => line(shownAfter(LARGE, ...keys), `      ${name}`).includes(' member '));
    expect(listed('5', 'end')).toEqual([]);
    expect(listed('5', 'end', 'enter')).toEqual(members);
    expect(listed('5', 'end', 'right', 'left')).toEqual([]);
  });

  test('leads to the owner of a name and to a member, whose details have the names and groups', () => {
    const owner = shownAfter(LARGE, '5', 'enter');
    expect(owner).toMatch(/global names +billing/);
    expect(owner).toMatch(/groups +workers/);
    expect(shownAfter(LARGE, '5', 'end', 'enter', 'end', 'enter')).toMatch(/groups +workers, idle/);
  });

  test('has the filter of the table, and says why it is empty', () => {
    expect(shownAfter(LARGE, '5', '/', 'courier')).not.toContain('billing');
    expect(shownAfter(LARGE, '5', '/', 'nothing')).toContain('No name and no group passes the filter. Esc clears it.');
    const bare = { timestamp: NOW, monotonic: NOW, nodes: [{ node: fixture(ALPHA).node, processes: [] }] };
    expect(screen(press(startedWith(bare), '5'))).toContain('GlobalRegistry.register, ProcessGroups.join add some');
  });

  test('marks a name with two owners', () => {
    const both = {
      ...halfDead,
      nodes: halfDead.nodes.map(({ node, processes }) => ({
        node: { ...node, status: 'connected' as const },
        processes,
      })),
    };
    const text = screen(press(startedWith(both, LARGE), '5'));
    expect(text.match(/✖ billing +name +\w+-busy \(two owners\)/g)).toHaveLength(2);
  });
});

import { EventEmitter } from 'node:events';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { NEVER } from 'rxjs';
import { describe, expect, test } from 'vitest';
import type { ClusterSource } from '../../../src/dashboard/cluster-source.js';
import { sendOnDemandDetails } from '../../../src/dashboard/server/on-demand-responses.js';
import { withEntries, withoutStack } from '../../../src/dashboard/view-model/log-lines.js';
import type { LogEntry, NodeLink } from '../../../streams/index.js';

const LINK: NodeLink = {
  nodeId: 'b@10.0.0.1:1',
  messagesSentPerSecond: 12,
  messagesReceivedPerSecond: 3,
  bytesSentPerSecond: 4000,
  bytesReceivedPerSecond: 500,
  roundTripMs: 1.5,
  backlogBytes: 0,
  reconnects: 2,
};
const error = {
  name: 'TypeError',
  message: 'nothing there',
  stack: 'TypeError: nothing there\n    at work (file.js:1:2)',
};
const crashed: LogEntry = { type: 'process_crashed', nodeId: 'a', at: 1, id: 'p1', kind: 'genserver', error };

const source: ClusterSource = { snapshot$: NEVER, log$: NEVER, poll$: () => NEVER };

/** The status and the body of the answer. */
async function answer(path: string, query: string, with_: ClusterSource = source): Promise<readonly unknown[]> {
  const sent: unknown[] = [];
  const response = Object.assign(new EventEmitter(), {
    writeHead: (status: number) => sent.push(status),
    end: (body: Buffer) => sent.push(JSON.parse(String(body))),
  });
  const parts = { source: with_, errorOf: (line: number) => (line === 7 ? error : undefined) };
  await sendOnDemandDetails(
    { method: 'GET' } as IncomingMessage,
    response as unknown as ServerResponse,
    { path, query },
    parts,
  );
  return sent;
}

describe('the error of a line of the log', () => {
  test('is sent with its stack, as long as it is kept', async () => {
    expect(await answer('/error', '?line=7')).toEqual([200, { error }]);
    for (const query of ['?line=8', '?line=x', ''])
      expect(await answer('/error', query)).toEqual([404, { problem: 'This error is no longer kept.' }]);
  });

  test('is left out of the line itself, but for its headline', () => {
    const [line] = withEntries([], [crashed]);
    if (line === undefined) throw new Error('there is a line');
    expect(withoutStack(line)).toEqual({
      number: 1,
      entry: { ...crashed, error: { name: 'TypeError', message: 'nothing there' } },
      isShortened: true,
    });
    const exited: LogEntry = {
      type: 'process_exited',
      nodeId: 'a',
      at: 1,
      id: 'p1',
      kind: 'genserver',
      reason: { error },
    };
    expect(JSON.stringify(withoutStack({ number: 2, entry: exited }))).not.toContain('file.js');
    const up: LogEntry = { type: 'node_up', nodeId: 'a', at: 1 };
    expect(withoutStack({ number: 3, entry: up })).toEqual({ number: 3, entry: up });
  });
});

describe('the links of a node', () => {
  test('are those that the source reports of it', async () => {
    const asked: string[] = [];
    const linked: ClusterSource = {
      ...source,
      getNodeLinks: async (nodeId) => {
        asked.push(nodeId);
        return [LINK];
      },
    };
    expect(await answer('/links', '?node=a%4010.0.0.1%3A1', linked)).toEqual([200, { links: [LINK] }]);
    expect(asked).toEqual(['a@10.0.0.1:1']);
  });

  test('are missing with a reason: that of the source, or that it has none', async () => {
    const failing: ClusterSource = {
      ...source,
      getNodeLinks: async () => {
        throw new Error('node a did not answer');
      },
    };
    expect(await answer('/links', '?node=a', failing)).toEqual([404, { problem: 'node a did not answer' }]);
    expect(await answer('/links', '?node=a')).toEqual([
      404,
      { problem: 'The source of this dashboard does not report links.' },
    ]);
  });
});

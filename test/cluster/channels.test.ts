import { describe, expect, test } from 'vitest';
import { ChannelTable } from '../../src/cluster/channels.js';
import type { Role } from '../../src/cluster/frames.js';
import { NodeId } from '../../src/cluster/node-id.js';
import {
  InvalidArgumentError,
  LinkOverloadedError,
  NodeNotConnectedError,
  NotSerializableError,
} from '../../src/errors.js';

const MIB = 1024 * 1024;
const b = { id: NodeId.parse('nodeB@127.0.0.1:4370'), incarnation: 1 };
const c = { id: NodeId.parse('nodeC@127.0.0.1:4371'), incarnation: 1 };

/** The channels of a node with two connected members. The options and `unread` are those of node B. */
function createChannels(
  options: { readonly role?: Role; readonly features?: readonly string[]; readonly life?: string } = {},
) {
  const { role = 'member', features = ['messages'] } = options;
  const log: string[] = [];
  const unread = { bytes: 0 };
  const channels: ChannelTable = new ChannelTable({
    role,
    onError: (error) => log.push(String(error)),
    node: () => ({
      supports: (id, feature) => (id === b.id ? features : ['messages']).includes(feature),
      lifeOf: (id) => (id === b.id && 'life' in options ? options.life : 'a life'),
      backlog: (id) => (id === b.id ? unread.bytes : 0),
      sendEncoded(peer, text) {
        this.sendNow(peer, text);
        return true;
      },
      sendNow({ id }, text) {
        log.push(`sent ${NodeId.parts(id).name} ${JSON.stringify(JSON.parse(text).items)}`);
      },
      disconnect: (id) => channels.follow({ type: 'down', id, incarnation: 1, reason: 'connection_closed' }),
    }),
  });
  channels.onUp(({ id }) => log.push(`up ${NodeId.parts(id).name}`));
  channels.onDown(({ id }) => log.push(`down ${NodeId.parts(id).name}`));
  for (const peer of [b, c]) channels.follow({ type: 'up', ...peer });
  return { channels, log, unread };
}

describe('there is no channel', () => {
  test('with a member that does not announce the feature, as the previous version', () => {
    const { channels, log } = createChannels({ features: [] });
    expect(log).toEqual(['up nodeC']);
    expect(() => channels.send(b.id, [1])).toThrow(NodeNotConnectedError);
    channels.broadcast([2]);
    expect(log).toEqual(['up nodeC', 'sent nodeC [2]']);
    expect(channels.withoutChannel('a life')).toBe(b.id);
    channels.follow({ type: 'down', ...b, reason: 'connection_closed' });
    expect(channels.withoutChannel('a life')).toBeUndefined();
  });

  test('with a member that does not announce its life', () => {
    expect(createChannels({ life: undefined as unknown as string }).log).toEqual(['up nodeC']);
  });

  test('at an observer', () => {
    expect(createChannels({ role: 'observer' }).log).toEqual([]);
  });
});

describe('a channel', () => {
  test('refuses items while 8 MiB are unread, and takes them afterwards', () => {
    const { channels, log, unread } = createChannels();
    unread.bytes = 8 * MIB;
    expect(() => channels.send(b.id, [1])).toThrow(LinkOverloadedError);
    channels.send(c.id, [2]);
    unread.bytes = 0;
    channels.send(b.id, [3]);
    expect(log.slice(2)).toEqual(['sent nodeC [2]', 'sent nodeB [3]']);
  });

  test('takes a broadcast until 16 MiB are unread, and ends then, while the others go on', () => {
    const { channels, log, unread } = createChannels();
    unread.bytes = 8 * MIB;
    channels.broadcast([1]);
    unread.bytes = 16 * MIB;
    channels.broadcast([2]);
    expect(log.slice(2)).toEqual(['sent nodeB [1]', 'sent nodeC [1]', 'down nodeB', 'sent nodeC [2]']);
    expect(channels.peers()).toMatchObject([c]);
  });

  test('is another one after the link was replaced, and takes nothing in between', () => {
    const { channels, log } = createChannels();
    channels.onDown(({ id }) => {
      expect(() => channels.send(id, ['between'])).toThrow(NodeNotConnectedError);
      log.push('refused');
    });
    channels.follow({ type: 'relinked', ...b });
    channels.send(b.id, [1]);
    expect(log.slice(2)).toEqual(['down nodeB', 'refused', 'up nodeB', 'sent nodeB [1]']);
  });

  test('delivers items of the incarnation that it is up with alone', () => {
    const { channels, log } = createChannels();
    channels.onItems((_, items) => log.push(`items ${items}`));
    channels.receive({ ...b, incarnation: 2 }, { type: 'items', items: [1] });
    channels.receive(b, { type: 'items', items: [2, 3] });
    expect(log.slice(2)).toEqual(['items 2,3']);
  });

  test('takes a list of items that can travel, and nothing else', () => {
    const { channels } = createChannels();
    expect(() => channels.send(b.id, 'text' as unknown as [])).toThrow(InvalidArgumentError);
    expect(() => channels.broadcast(['x'.repeat(2 * MIB)])).toThrow(NotSerializableError);
  });
});

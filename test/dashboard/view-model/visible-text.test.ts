import { fc, test } from '@fast-check/vitest';
import { describe, expect } from 'vitest';
import { describeEntry, errorText, shorten } from '../../../src/dashboard/view-model/log-lines.js';
import { overview } from '../../../src/dashboard/view-model/overview-text.js';
import { labelOf } from '../../../src/dashboard/view-model/process-table.js';
import { visibleLines, visibleText } from '../../../src/dashboard/view-model/visible-text.js';
import { clusterOf } from '../../helpers/snapshots.js';
import { ALPHA, NOW, processOf } from '../../helpers/terminal.js';

describe('visible text', () => {
  test.each([
    ['a right-to-left override', 'a\u202eb', 'a\\u202Eb'],
    ['an isolate', '\u2067x\u2069', '\\u2067x\\u2069'],
    ['a mark of direction', '\u200e\u200f\u061c', '\\u200E\\u200F\\u061C'],
    ['controls', '\u001b[2J\u0000\u009b', '\\u001B[2J\\u0000\\u009B'],
    ['the ends of lines', 'a\r\n\tb\u2028', 'a\\r\\n\\tb\\u2028'],
    ['lone surrogates', 'a\ud83d b\udc00', 'a\\uD83D b\\uDC00'],
    ['fillers', '\u3164\u115f\u1160\uffa0', '\\u3164\\u115F\\u1160\\uFFA0'],
    ['what has no width', 'a\u200bb\u00adc\ufeff\u2060', 'a\\u200Bb\\u00ADc\\uFEFF\\u2060'],
    ['the blank of Braille', '\u2800', '\\u2800'],
    ['what no font knows', '\ue000\ufdd0\u{10ffff}', '\\uE000\\uFDD0\\u{10FFFF}'],
    ['tags', 'a\u{e0041}', 'a\\u{E0041}'],
    ['joiners that join nothing', '\u200da\u200d', '\\u200Da\\u200D'],
    ['a variation of no emoji', 'a\ufe0f', 'a\\uFE0F'],
  ])('has %s as escapes', (_what, text, shown) => {
    expect(visibleText(text)).toBe(shown);
  });

  test.each([
    'worker-1',
    'Žluťoučký kůň',
    'e\u0301',
    '注文',
    'का',
    'שלום',
    '👩‍👩‍👧',
    '👍🏽',
    '❤️',
    '🏳️‍🌈',
    '1️⃣',
    '🇨🇿',
    '\\u202E',
  ])('leaves what people write as it is: %s', (text) => {
    expect(visibleText(text)).toBe(text);
  });

  const anyText = fc
    .array(
      fc.oneof(
        fc.nat(0xffff).map((unit) => String.fromCharCode(unit)),
        fc.string({ unit: 'binary', maxLength: 2 }),
      ),
    )
    .map((parts) => parts.join(''));

  test.prop([anyText])('can be read as it stands: nothing in it is invisible, turned round or half', (text) => {
    const shown = visibleText(text);
    expect(shown).not.toMatch(/[\p{Cc}\p{Bidi_Control}\p{Cs}\p{Zl}\p{Zp}\p{Noncharacter_Code_Point}\u3164\u2800]/u);
    expect(visibleText(shown)).toBe(shown);
  });

  test('of a stack keeps its lines', () => {
    expect(visibleLines('Error: \u202eboom\r\n    at work\n\u001b[2J')).toBe(
      'Error: \\u202Eboom\n    at work\n\\u001B[2J',
    );
  });
});

describe('all that comes from other machines is visible', () => {
  const evil = 'pay\u202eroll\u3164';
  const shown = 'pay\\u202Eroll\\u3164';

  test('as the name of a process', () => {
    expect(labelOf(processOf(ALPHA, 'p1', { name: evil }))).toBe(shown);
  });

  test('as an entry of the log, and its stack', () => {
    const error = { name: 'Error', message: evil, stack: `Error: ${evil}\n    at ${evil}` };
    const kind = 'genserver';
    const entry = { type: 'process_crashed', nodeId: ALPHA, at: NOW, id: 'p1', name: evil, kind, error } as const;
    expect(describeEntry(entry)).toBe(`genserver ${shown} (p1) crashed: Error: ${shown}`);
    expect(errorText(error)).toBe(`Error: ${shown}\n    at ${shown}`);
  });

  test('as what is wrong with a node, in an overview', () => {
    const cluster = clusterOf({ a: null });
    const nodes = cluster.nodes.map((node) => ({ ...node, error: evil }));
    expect(overview({ ...cluster, nodes })).toContain(`Error: ${shown}\n`);
  });

  test('and is cut without leaving half a character', () => {
    expect(shorten('😀'.repeat(300))).toBe(`${'😀'.repeat(150)}…`);
    expect(shorten(`a${'😀'.repeat(300)}`)).toBe(`a${'😀'.repeat(149)}…`);
  });
});

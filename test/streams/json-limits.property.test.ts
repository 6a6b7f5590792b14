import { fc, test } from '@fast-check/vitest';
import { expect } from 'vitest';
import { exceededLimit, type JsonLimits } from '../../streams/json-limits.js';

/** Texts with what is special in them anywhere, the long ones included. */
const text = fc
  .array(
    fc.oneof(
      fc.constantFrom('"', '\\', '{', '[', ':', '\n', 'ü'),
      fc.nat(200).map((times) => 'x'.repeat(times)),
    ),
    {
      maxLength: 12,
    },
  )
  .map((parts) => parts.join(''));
const value = fc.letrec((tie) => ({
  any: fc.oneof({ maxDepth: 5 }, text, fc.integer(), fc.constantFrom(null, true), tie('array'), tie('object')),
  array: fc.array(tie('any'), { maxLength: 6 }),
  object: fc.dictionary(text, tie('any'), { maxKeys: 6 }),
})).any;

/** What there is in a value, counted by looking at it. */
function countOf(root: unknown): JsonLimits {
  const names = new Set<string>();
  let maxParts = 0;
  let maxDepth = 0;
  const visit = (each: unknown, depth: number): void => {
    if (typeof each === 'string') maxParts += 1;
    if (typeof each !== 'object' || each === null) return;
    maxParts += 1;
    maxDepth = Math.max(maxDepth, depth);
    for (const [name, inner] of Object.entries(each)) {
      if (!Array.isArray(each)) names.add(name);
      visit(inner, depth + 1);
    }
  };
  visit(root, 1);
  return { maxParts, maxNames: names.size, maxDepth };
}

test.prop([value, fc.constantFrom(undefined, 1)])('what a text holds is counted exactly', (any, space) => {
  const json = JSON.stringify(any, null, space);
  const limits = countOf(any);
  expect(exceededLimit(json, limits)).toBeUndefined();
  if (limits.maxParts > 0) expect(exceededLimit(json, { ...limits, maxParts: limits.maxParts - 1 })).toContain('texts');
  if (limits.maxDepth > 0)
    expect(exceededLimit(json, { ...limits, maxDepth: limits.maxDepth - 1 })).toContain('deeper');
  // Two names in a hundred thousand may be taken for one.
  if (limits.maxNames > 1) expect(exceededLimit(json, { ...limits, maxNames: limits.maxNames - 2 })).toContain('names');
});

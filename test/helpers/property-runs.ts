/** How many runs a property has: `usual` in `npm test`, and many more in `npm run test:deep`. */
export function runsOf(usual: number): number {
  return usual * Number(process.env['NOEX_TEST_DEPTH'] ?? 1);
}

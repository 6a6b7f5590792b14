/** The paths below `value` that can be written to, getters' results included. */
export function writablePaths(value: unknown, path = 'it', seen = new Set<object>()): readonly string[] {
  if (typeof value !== 'object' || value === null || seen.has(value)) return [];
  seen.add(value);
  const own = Object.isFrozen(value) ? [] : [path];
  const getters = Object.entries(Object.getOwnPropertyDescriptors(Object.getPrototypeOf(value) ?? {}));
  const names = [
    ...Object.keys(value),
    ...getters.flatMap(([name, { get }]) => (get && name !== '__proto__' ? name : [])),
  ];
  return [...own, ...names.flatMap((name) => writablePaths(Reflect.get(value, name), `${path}.${name}`, seen))];
}

/**
 * Freezes plain data with everything in it. A value that is frozen already is assumed to be frozen deeply, and is not
 * visited.
 */
export function deepFreeze<Value>(value: Value): Value {
  if (typeof value !== 'object' || value === null || Object.isFrozen(value)) return value;
  // `Object.values` would take most of the time of this function, which runs for each event.
  if (Array.isArray(value)) for (let at = 0; at < value.length; at += 1) deepFreeze(value[at]);
  else for (const key in value) deepFreeze(value[key]);
  return Object.freeze(value);
}

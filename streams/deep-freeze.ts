/** Freezes plain data, and what it is made of. What is frozen already is taken to be so all the way down. */
export function deepFreeze<Value>(value: Value): Value {
  if (typeof value !== 'object' || value === null || Object.isFrozen(value)) return value;
  // By hand: `Object.values` would cost more than all else, for each event.
  if (Array.isArray(value)) for (let at = 0; at < value.length; at += 1) deepFreeze(value[at]);
  else for (const key in value) deepFreeze(value[key]);
  return Object.freeze(value);
}

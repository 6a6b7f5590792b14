/** The text for an unknown value. Functions of this module that accept `undefined` return it. */
export const UNKNOWN = '–';

const count = new Intl.NumberFormat('en-US');

/** Formats a whole number with thousands separators: `12,345`. */
export function formatCount(value: number | undefined): string {
  return value === undefined ? UNKNOWN : count.format(value);
}

/** Formats a whole number in at most six characters, for narrow columns: `99,999`, `279 k`, `1.23 M`. */
export function formatShortCount(value: number | undefined): string {
  return value === undefined || value < 100_000
    ? formatCount(value)
    : withUnit(value, 1000, ['', ' k', ' M', ' G', ' T']);
}

/** Formats a rate per second with at most three significant digits: `0.25`, `7.5`, `1.23 k`. */
export function formatRate(perSecond: number | undefined): string {
  if (perSecond === undefined) return UNKNOWN;
  if (perSecond === 0) return '0';
  if (perSecond < 10) return perSecond.toFixed(perSecond < 1 ? 2 : 1);
  return withUnit(perSecond, 1000, ['', ' k', ' M', ' G']);
}

/** Formats a short duration, given in ms: `120 µs`, `3.4 ms`, `1,250 ms`, `12.0 s`. */
export function formatMs(ms: number | undefined): string {
  if (ms === undefined) return UNKNOWN;
  if (ms === 0) return '0 ms';
  if (ms < 0.9995) return `${Math.max(1, Math.round(ms * 1000))} µs`;
  if (ms < 10) return `${ms.toFixed(1)} ms`;
  return ms < 10_000 ? `${count.format(Math.round(ms))} ms` : `${(ms / 1000).toFixed(1)} s`;
}

/** Formats a size, given in bytes, in units that are powers of 1024: `1.50 kB`. */
export function formatBytes(bytes: number | undefined): string {
  return bytes === undefined ? UNKNOWN : withUnit(bytes, 1024, [' B', ' kB', ' MB', ' GB', ' TB']);
}

/** Formats a share as a percentage: 1 is `100 %`. A share may exceed 1. */
export function formatShare(share: number | undefined): string {
  if (share === undefined) return UNKNOWN;
  return `${(share * 100).toFixed(share < 0.1 ? 1 : 0)} %`;
}

/** Formats a long duration, given in ms, with its two largest units: `3h 12m`. A negative duration counts as zero. */
export function formatUptime(ms: number | undefined): string {
  if (ms === undefined) return UNKNOWN;
  const seconds = Math.max(0, Math.floor(ms / 1000));
  const minutes = Math.floor(seconds / 60);
  const hours = Math.floor(minutes / 60);
  const days = Math.floor(hours / 24);
  if (days > 0) return `${days}d ${hours % 24}h`;
  if (hours > 0) return `${hours}h ${minutes % 60}m`;
  return minutes > 0 ? `${minutes}m ${seconds % 60}s` : `${seconds}s`;
}

/**
 * Formats the age of data, given in ms. An age below 10 s has tenths of a second: `2.5 s`. Other ages have the format
 * of an uptime.
 */
export function formatAge(ms: number | undefined): string {
  if (ms === undefined) return UNKNOWN;
  return ms < 10_000 ? `${(Math.max(0, ms) / 1000).toFixed(1)} s` : formatUptime(ms);
}

/** Formats the date, in local time, of a timestamp in ms since the epoch: `2025-01-31`. */
export function formatDate(at: number): string {
  const date = new Date(at);
  return `${date.getFullYear()}-${twoDigits(date.getMonth() + 1)}-${twoDigits(date.getDate())}`;
}

/** Formats the local time of day of a timestamp in ms since the epoch: `14:05:09`. */
export function formatTime(at: number): string {
  const date = new Date(at);
  return `${twoDigits(date.getHours())}:${twoDigits(date.getMinutes())}:${twoDigits(date.getSeconds())}`;
}

function twoDigits(value: number): string {
  return String(value).padStart(2, '0');
}

function withUnit(value: number, base: number, units: readonly string[]): string {
  let amount = value;
  let unit = 0;
  // An amount of 999.6 needs the next unit: without the 0.5, the text would be 1000 in the smaller unit.
  for (; amount >= base - 0.5 && unit < units.length - 1; unit += 1) amount /= base;
  const digits = unit === 0 || amount >= 99.95 ? 0 : amount >= 9.995 ? 1 : 2;
  return `${amount.toFixed(digits)}${units[unit]}`;
}

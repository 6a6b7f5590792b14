/** What stands where nothing is known. */
export const UNKNOWN = '–';

const count = new Intl.NumberFormat('en-US');

/** A whole number, with separators. */
export function formatCount(value: number | undefined): string {
  return value === undefined ? UNKNOWN : count.format(value);
}

/** A number a second: three digits that matter, and no more. */
export function formatRate(perSecond: number | undefined): string {
  if (perSecond === undefined) return UNKNOWN;
  if (perSecond === 0) return '0';
  if (perSecond < 10) return perSecond.toFixed(perSecond < 1 ? 2 : 1);
  return scaled(perSecond, 1000, ['', ' k', ' M', ' G']);
}

/** A short time, of ms. */
export function formatMs(ms: number | undefined): string {
  if (ms === undefined) return UNKNOWN;
  if (ms === 0) return '0 ms';
  if (ms < 0.9995) return `${Math.max(1, Math.round(ms * 1000))} µs`;
  if (ms < 10) return `${ms.toFixed(1)} ms`;
  return ms < 10_000 ? `${count.format(Math.round(ms))} ms` : `${(ms / 1000).toFixed(1)} s`;
}

export function formatBytes(bytes: number | undefined): string {
  return bytes === undefined ? UNKNOWN : scaled(bytes, 1024, [' B', ' kB', ' MB', ' GB', ' TB']);
}

/** A share, 0 to 1 and beyond, in per cent. */
export function formatShare(share: number | undefined): string {
  if (share === undefined) return UNKNOWN;
  return `${(share * 100).toFixed(share < 0.1 ? 1 : 0)} %`;
}

/** A long time, in its two largest units. */
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

/** How old something is, ms. */
export function formatAge(ms: number | undefined): string {
  if (ms === undefined) return UNKNOWN;
  return ms < 10_000 ? `${(Math.max(0, ms) / 1000).toFixed(1)} s` : formatUptime(ms);
}

/** The day where this runs, of ms since the epoch. */
export function formatDate(at: number): string {
  const date = new Date(at);
  return `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())}`;
}

/** The time of day there. */
export function formatTime(at: number): string {
  const date = new Date(at);
  return `${two(date.getHours())}:${two(date.getMinutes())}:${two(date.getSeconds())}`;
}

function two(value: number): string {
  return String(value).padStart(2, '0');
}

function scaled(value: number, base: number, units: readonly string[]): string {
  let amount = value;
  let unit = 0;
  // 999.6 would be written as 1000.
  for (; amount >= base - 0.5 && unit < units.length - 1; unit += 1) amount /= base;
  const digits = unit === 0 || amount >= 99.95 ? 0 : amount >= 9.995 ? 1 : 2;
  return `${amount.toFixed(digits)}${units[unit]}`;
}

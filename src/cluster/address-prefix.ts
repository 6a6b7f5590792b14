import { isIPv6 } from 'node:net';

/**
 * The part of an address that rate limits are keyed by: an IPv4 address, also when written as IPv6, or the /64 prefix
 * of an IPv6 address, because a single host is assigned at least a /64. Any other text is returned unchanged.
 */
export function addressPrefix(address: string): string {
  const [bare = ''] = address.split('%');
  if (!isIPv6(bare)) return address;
  const mapped = /^::ffff:([\d.]+)$/i.exec(bare);
  if (mapped?.[1] !== undefined) return mapped[1];
  const [head = '', tail] = bare.split('::');
  const groups = head === '' ? [] : head.split(':');
  const zeros = tail === undefined ? 0 : 8 - groups.length - lengthOf(tail);
  const all = [...groups, ...Array.from({ length: zeros }, () => '0'), ...(tail || '').split(':')];
  return `${all
    .slice(0, 4)
    .map((group) => Number.parseInt(group, 16).toString(16))
    .join(':')}::/64`;
}

/** The length in groups of 16 bits; a trailing IPv4 address counts as two. */
function lengthOf(groups: string): number {
  if (groups === '') return 0;
  return groups.split(':').length + (groups.includes('.') ? 1 : 0);
}

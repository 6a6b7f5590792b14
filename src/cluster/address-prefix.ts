import { isIPv6 } from 'node:net';

/**
 * Returns the key under which limits and statistics count an address. The key of an IPv4 address is the address itself,
 * also in the form `::ffff:192.0.2.1`. The key of any other IPv6 address is its /64 prefix, because one host usually
 * has all addresses of a /64. Any other text is returned unchanged.
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

/** The length of a part of an IPv6 address in groups of 16 bits. A trailing IPv4 address counts as two groups. */
function lengthOf(groups: string): number {
  if (groups === '') return 0;
  return groups.split(':').length + (groups.includes('.') ? 1 : 0);
}

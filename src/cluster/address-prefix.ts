import { isIPv6 } from 'node:net';

/**
 * What limits count as one address: an IPv4 address, also when written as IPv6, or the /64 of an IPv6 address, which is
 * the least that one host gets. Anything else stands for itself.
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

/** In groups of 16 bits; an IPv4 address at the end makes two. */
function lengthOf(groups: string): number {
  if (groups === '') return 0;
  return groups.split(':').length + (groups.includes('.') ? 1 : 0);
}

// Sources: what an address counts as where addresses are counted. A /64 of IPv6 is one subscriber's, who has all of it.

/** IPv4 whole, IPv6 by its /64, '' for loopback. */
export function sourceOf(address: string): string {
  const plain = address.startsWith('::ffff:') ? address.slice(7) : address;
  if (plain.startsWith('127.') || plain === '::1' || plain === '') return '';
  if (!plain.includes(':')) return plain;
  return network64(plain);
}

/** The first four groups of an IPv6 address, written out. */
function network64(address: string): string {
  const [head = '', tail] = address.split('::');
  const left = head === '' ? [] : head.split(':');
  const right = tail === undefined || tail === '' ? [] : tail.split(':');
  const zeros = tail === undefined ? 0 : Math.max(0, 8 - left.length - right.length);
  const groups = [...left, ...Array<string>(zeros).fill('0'), ...right];
  return groups
    .slice(0, 4)
    .map((group) => group.toLowerCase().replace(/^0+(?=.)/, ''))
    .join(':');
}

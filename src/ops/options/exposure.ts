// Exposure: what can be reached from other machines and is not encrypted, a line for each option. It is worth a warning
// and no more: there may be something around it that encrypts.

import type { ListenAddress } from '../../net/edge.ts';
import { formatAddress, isLoopback } from '../address.ts';
import type { Options } from './option-table.ts';

/** What is to be said about `options`; links are only listened on where there is a network. */
export function exposures(options: Options, inNetwork: boolean): string[] {
  const { clients, links, linkTls, http, web } = options;
  const open = clients.filter((address) => address.tls !== true && isPublic(address));
  const said: string[] = [];
  if (open.length > 0) {
    const where = open.map(formatAddress).join(', ');
    said.push(`--clients ${where} is public and not encrypted: use tls://HOST:PORT with --tls-cert and --tls-key`);
  }
  if (inNetwork && links !== 'off' && linkTls === 'off' && isPublic(links)) {
    said.push(`--links ${formatAddress(links)} is public and not encrypted: use --link-tls on or mutual`);
  }
  if (http !== undefined && http !== 'off' && isPublic(http)) {
    said.push(
      `--http ${formatAddress(http)} is public and not encrypted: keep it on 127.0.0.1, or behind a proxy with TLS`,
    );
  }
  if (web !== undefined && web !== 'off' && web.tls !== true && isPublic(web)) {
    const where = formatAddress(web);
    said.push(`--web ${where} is public and not encrypted: use tls://HOST:PORT, or keep it behind a proxy with TLS`);
  }
  return said;
}

function isPublic({ host }: ListenAddress): boolean {
  return !isLoopback(host);
}

// Addresses of listeners as people write them: `HOST:PORT`, an IPv6 address in brackets. Port 0 asks the system for a
// free one. `tls://` before it says that clients speak TLS there. Refuses a missing port, a bare IPv6 address and
// anything that is neither a name nor an address; resolves nothing.

import { isIPv4, isIPv6 } from 'node:net';
import type { ListenAddress } from '../net/edge.ts';

const BRACKETED = /^\[([^\]]+)\]:(\d{1,5})$/;
const PLAIN = /^([^:[\]]+):(\d{1,5})$/;
const HOST_NAME = /^(?=.{1,253}$)[A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?(\.[A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?)*$/;
const TLS = 'tls://';
const DIGITS_AND_DOTS = /^[\d.]+$/;

function isHost(text: string): boolean {
  // 10.0.0.300 is a mistyped address, not a name.
  return isIPv4(text) || (HOST_NAME.test(text) && !DIGITS_AND_DOTS.test(text));
}

/** Reads `HOST:PORT` or `[v6]:PORT`; undefined when it is neither. */
export function parseAddress(text: string): ListenAddress | undefined {
  const match = BRACKETED.exec(text) ?? PLAIN.exec(text);
  if (match === null) return undefined;
  const host = match[1]!;
  const port = Number(match[2]);
  const good = text.startsWith('[') ? isIPv6(host) : isHost(host);
  return good && port <= 65_535 ? { host, port } : undefined;
}

/** Reads `HOST:PORT` or `tls://HOST:PORT`. */
export function parseClientAddress(text: string): ListenAddress | undefined {
  if (!text.startsWith(TLS)) return parseAddress(text);
  const address = parseAddress(text.slice(TLS.length));
  return address && { ...address, tls: true };
}

/** Writes an address in the form that parseClientAddress reads, and parseAddress where it is plain. */
export function formatAddress({ host, port, tls }: ListenAddress): string {
  const where = host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;
  return tls === true ? TLS + where : where;
}

/** Writes where WebSockets connect that are listened for at an address. */
export function formatWebSocket({ host, port, tls }: ListenAddress): string {
  return `${tls === true ? 'wss' : 'ws'}://${formatAddress({ host, port })}/ws`;
}

/** The origin of the pages that the server of this WebSocket serves, as browsers write it. */
export function originOf(webSocket: string): string {
  return new URL(webSocket.replace(/^ws/, 'http')).origin;
}

/** Whether `host` can be reached from this machine alone. */
export function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || /^127(\.\d{1,3}){3}$/.test(host);
}

/** Whether `host` stands for all addresses of this machine: somewhere to listen, nowhere to go to. */
export function isUnspecified(host: string): boolean {
  return host === '0.0.0.0' || host === '::';
}

// Why a connection over TCP failed, in words for people. The codes are those of Node, which Bun has too.

import { isTlsTrouble, tlsTrouble } from '../../base/tls-trouble.ts';

/** Why nobody took a connection at all. */
export const NOBODY_LISTENS = 'nobody is listening there';

export function reasonOf(error: unknown): string {
  const code = (error as { code?: unknown } | null)?.code;
  if (code === 'ECONNREFUSED') return NOBODY_LISTENS;
  if (code === 'ENOTFOUND') return 'there is no such host';
  if (code === 'ECONNRESET') return 'the connection was reset';
  if (typeof code === 'string' && isTlsTrouble(code)) return tlsTrouble(error as { code: string });
  return error instanceof Error ? error.message : String(error);
}

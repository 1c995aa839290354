// The flags of the cluster, checked before a server is started. A wrong one is named in one line.

import { RUN } from '../../ops/options/invocation.ts';
import { type Flags, numberFlag, parseFlags } from '../flags.ts';

export interface ClusterOptions {
  /** How many servers. */
  readonly servers: number;
}

const MOST_SERVERS = 9;
const SERVERS = 3;

export const USAGE = `Usage: ${RUN} cluster [--servers N]

Starts a network of Chorus servers on this machine, shows how they find each other, and how to chat on each. It has a
secret, ports and a discovery group of its own, and ends with this program, whichever way that ends.

  --servers N  how many, 1 to ${MOST_SERVERS} (${SERVERS})
  --help       this text

While it runs, type \`k 2\` and Enter to kill server 2 and \`s 2\` to start it again; \`?\` lists the rest.
It exits with 0 after Ctrl-C, with 1 when no server is left and nobody can start one, and with 2 for a wrong flag.`;

/** Reads the arguments behind the program's name. */
export function readClusterFlags(args: readonly string[]): Flags<ClusterOptions> {
  const values = parseFlags(args, { servers: { type: 'string' } });
  if (typeof values === 'string') return { wrong: values };
  if (values.help) return { help: USAGE };
  const servers = numberFlag('servers', values.servers ?? String(SERVERS), 1, MOST_SERVERS);
  return typeof servers === 'string' ? { wrong: servers } : { options: { servers } };
}

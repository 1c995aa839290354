// What a node is told when it is made. It holds no defaults and checks nothing: the options do. The limits may be told
// anew while the node runs: who made the config puts others in their place, between two calls. So they are looked up here
// at every use, and nobody keeps a copy.

import type { ChatConfig } from '../chat/config.ts';
import type { ConnectionLimits } from './connections.ts';
import type { RoomsConfig } from './rooms.ts';
import type { ConnectionDeadlines } from './verdict.ts';

export interface NodeLimits extends ConnectionDeadlines {
  readonly connections: ConnectionLimits;
  /** Bytes of a frame once registered. */
  readonly frameBytes: number;
  /** Bytes that a registration may take. */
  readonly registrationBytes: number;
  /** Bytes kept for one connection alone. */
  readonly newOutputBytes: number;
  readonly outputBytes: number;
}

export interface NodeConfig {
  readonly chat: ChatConfig;
  readonly rooms: RoomsConfig;
  /** May be told anew, but for the number of arguments. */
  limits: NodeLimits;
  /** The nickname of whom the log follows; undefined: nobody is. May be told anew. */
  trace: string | undefined;
}

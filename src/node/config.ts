// What a node is told once, when it is made. It holds no defaults and checks nothing: the options do.

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
  readonly limits: NodeLimits;
}

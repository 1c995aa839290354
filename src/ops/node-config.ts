// From options to what a node is told: one place where each option finds its reader. It checks nothing and knows no
// defaults; the table of options does both.

import { serverId } from '../base/ids.ts';
import type { OperatorConfig } from '../chat/config.ts';
import type { NodeConfig } from '../node/config.ts';
import { announcedLimits } from './options/limits.ts';
import type { Options } from './options/option-table.ts';
import type { OperatorAccount } from './secrets/operators.ts';

export interface Identity {
  readonly id: number;
  readonly version: string;
  /** Unix ms of this start, and what it counts as: later where the clock went back. */
  readonly birth: number;
  readonly incarnation: number;
}

/** `passwordHash`: what PASS has to fit; undefined: everybody is welcome. */
export function nodeConfig(
  options: Options,
  operators: readonly OperatorAccount[],
  identity: Identity,
  passwordHash?: string,
): NodeConfig {
  const { version, birth, incarnation } = identity;
  const id = serverId(identity.id);
  return {
    chat: {
      server: { name: options.name, id, version, info: options.info, birth, incarnation },
      limits: {
        nickLength: options.nickLength,
        roomLength: options.roomLength,
        roomsPerUser: options.roomsPerUser,
        rooms: options.rooms,
        targets: options.targets,
        presence: options.presence,
        roomIdleMs: options.roomIdleMs,
        nickHistory: options.nickHistory,
        nickHistoryMs: options.nickHistoryMs,
        goneUsers: options.goneUsers,
        registrationFrames: options.registrationFrames,
        flood: options.flood === 'off' ? undefined : { rate: options.flood.perSecond, burst: options.flood.burst },
        textBytes: options.textBytes,
        historyCount: options.historyCount,
        passwordFailures: options.passwordFailures,
        passwordWaitMaxMs: options.passwordWaitMaxMs,
      },
      announcedLimits: announcedLimits(options, 'home'),
      operators: new Map(operators.map((account) => [account.name, operatorConfig(account)])),
      passwordHash,
      servers: [],
    },
    rooms: {
      server: { id, incarnation },
      ring: { entries: options.roomMessages * 2, bytes: options.roomBytes, ageMs: options.ringAgeMs },
      ringMemory: options.ringMemoryBytes,
      order: {
        ttlMs: options.ttlMs,
        reservations: options.reservations,
        pendingEntries: options.pendingEntries,
        pendingBytes: options.pendingBytes,
        idWindowMs: options.idWindowMs,
        idWindow: options.idWindow,
      },
      ids: options.ids,
      penalties: options,
    },
    limits: {
      connections: {
        most: options.maxClients,
        perSource: options.perIp === 'off' ? Number.POSITIVE_INFINITY : options.perIp,
        newFrameBytes: options.registrationFrameBytes,
        args: options.arguments,
      },
      frameBytes: options.frameBytes,
      registrationBytes: options.registrationBytes,
      registrationMs: options.registrationMs,
      newOutputBytes: options.unregisteredOutputBytes,
      outputBytes: options.clientOutputBytes,
      writeDeadlineMs: options.writeDeadlineMs,
      idlePingMs: options.idlePingMs,
      idleTimeoutMs: options.idleTimeoutMs,
      lingerMs: options.shutdownMs,
    },
    trace: options.trace,
  };
}

/** Puts what may be told anew of `next` in its place in `config`, which a node looks things up in. */
export function retell(config: NodeConfig, next: NodeConfig): void {
  config.limits = next.limits;
  config.trace = next.trace;
  config.chat.limits = next.chat.limits;
  config.chat.announcedLimits = next.chat.announcedLimits;
  config.chat.operators = next.chat.operators;
  config.chat.passwordHash = next.chat.passwordHash;
}

function operatorConfig(account: OperatorAccount): OperatorConfig {
  return { hash: account.hash, grants: new Set(account.grants) };
}

// Server facts: what a server says of itself and of the links that it has, as the SERVER frame of a fact:
//
//   <SERVER,name,hopcount,id,info,ip,port,incarnation,neighbours,clients,protocol>
//
// It replaces the last one of that server whole. The hopcount is 0: the bytes of a fact are the same everywhere, and
// whoever reads it knows from the neighbours how far away it is. Neighbours are ids in rising order, none twice.

import type { ServerId } from '../base/ids.ts';
import type { Frame } from '../wire/scanner.ts';
import type { FrameWriter } from '../wire/writer.ts';
import { parseCount, parseServerId } from './fields.ts';
import { type Identity, readContact, readIdentity } from './identity.ts';

export interface ServerFact extends Identity {
  /** Whom it has a link with. */
  readonly neighbours: readonly ServerId[];
  /** The version of the protocol that it speaks. */
  readonly protocol: number;
}

/** The most links that a server may name. */
export const MOST_NEIGHBOURS = 256;
const ARGS = 10;

export function writeServerFact(writer: FrameWriter, server: ServerFact): void {
  writer.begin('SERVER').arg(server.name).arg(0).arg(server.id).arg(server.info).arg(server.ip).arg(server.port);
  writer.arg(server.incarnation).arg(server.neighbours.join(' ')).arg(server.clients.join(' '));
  writer.arg(server.protocol).end();
}

/** What a SERVER frame says; undefined when a server could not have written it. */
export function parseServerFact(frame: Frame): ServerFact | undefined {
  if (frame.argc < ARGS || frame.arg(1) !== '0') return undefined;
  const contact = readContact(frame.arg(0), frame.arg(4), frame.arg(5), frame.arg(2), frame.arg(6));
  if (typeof contact === 'string') return undefined;
  const identity = readIdentity(contact, frame.arg(3), frame.arg(8));
  const neighbours = parseNeighbours(frame.arg(7), contact.id);
  const protocol = parseCount(frame.arg(9));
  if (typeof identity === 'string' || neighbours === undefined || protocol < 0) return undefined;
  return { ...identity, neighbours, protocol };
}

function parseNeighbours(text: string, self: ServerId): readonly ServerId[] | undefined {
  const ids: ServerId[] = [];
  for (const word of text === '' ? [] : text.split(' ')) {
    const id = parseServerId(word);
    if (id === undefined || id === self || id <= (ids.at(-1) ?? 0) || ids.length === MOST_NEIGHBOURS) return undefined;
    ids.push(id);
  }
  return ids;
}

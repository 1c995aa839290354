// Branded ids: numbers and strings that must not be mixed up, with one constructor each.

declare const brand: unique symbol;
type Brand<T, Name extends string> = T & { readonly [brand]: Name };

/** A slot of the connection table: a small integer, used again after its connection has closed. */
export type ConnectionId = Brand<number, 'ConnectionId'>;
export const connectionId = (slot: number): ConnectionId => slot as ConnectionId;

/** Names one thing that waits (a commit, a password check); never used again. */
export type Ticket = Brand<number, 'Ticket'>;
export const ticket = (n: number): Ticket => n as Ticket;

/** A server's number in the network: an unsigned 32-bit integer. */
export type ServerId = Brand<number, 'ServerId'>;
export const serverId = (n: number): ServerId => (n >>> 0) as ServerId;

/** A user for ever: `<server id>.<counter>` in decimal. */
export type Uid = Brand<string, 'Uid'>;
export const uid = (server: ServerId, counter: number): Uid => `${server}.${counter}` as Uid;

/** A room's epoch as it is written on the wire: `<ms, base 36>.<server id>`. */
export type Epoch = Brand<string, 'Epoch'>;
export const epoch = (ms: number, home: ServerId): Epoch => `${ms.toString(36)}.${home}` as Epoch;

/** A room's name after folding: what two spellings of one room share. */
export type RoomKey = Brand<string, 'RoomKey'>;

// What a crowd says to a server, and how it knows what it hears: Chorus, and others that do the same work. Messages end
// with a mark that stands nowhere else in what a server says, so that deliveries are counted alike, whatever is around
// them. This file knows no sockets.

/** Ends every text. */
export const MARK = 0x21;
const TEXT = `${'x'.repeat(99)}${String.fromCharCode(MARK)}`;

export interface Dialect {
  /** What a connection opens with; `room` is made where it `makes` it. Its end is answered like `ping`. */
  hello(name: string, room: string, makes: boolean): string;
  /** Comes into a room. Its end is answered like `ping`. */
  join(room: string): string;
  /** Whether what was said until the answer means that it is in. */
  isIn(said: string, room: string): boolean;
  readonly ping: string;
  /** Stands in the answer to `ping`. */
  readonly answer: string;
  /** A message of 100 bytes to everybody in the room, the sender too. */
  message(room: string): string;
}

const PING = '<PING,here>';

export const CHORUS: Dialect = {
  hello: (name, room, makes) => `<NICK,${name}><USER,bench,0,*,Bench>${makes ? `<CREATEROOM,${room}>` : ''}${PING}`,
  join: (room) => `<JOINROOM,${room}>${PING}`,
  isIn: (said, room) => said.includes(`<RPL_WELCOME,${room},`),
  ping: PING,
  answer: '<PONG,here>',
  message: () => `<CSEND,${TEXT}>`,
};

/** RESP 3, in which a connection that listens may send as well: https://redis.io/docs/latest/develop/reference/protocol-spec/ */
export const REDIS: Dialect = {
  hello: () => 'HELLO 3\r\nPING\r\n',
  join: (room) => `SUBSCRIBE ${room}\r\nPING\r\n`,
  isIn: (said) => said.includes('subscribe'),
  ping: 'PING\r\n',
  answer: 'PONG',
  message: (room) => `*3\r\n$7\r\nPUBLISH\r\n$${room.length}\r\n${room}\r\n$${TEXT.length}\r\n${TEXT}\r\n`,
};

/** https://docs.nats.io/reference/reference-protocols/nats-protocol */
export const NATS: Dialect = {
  hello: () => 'CONNECT {"verbose":false,"pedantic":false}\r\nPING\r\n',
  join: (room) => `SUB ${room} 1\r\nPING\r\n`,
  isIn: () => true,
  ping: 'PING\r\n',
  answer: 'PONG',
  message: (room) => `PUB ${room} ${TEXT.length}\r\n${TEXT}\r\n`,
};

// The flags of the chat program, checked before anything is dialled. A wrong one is named in one line.

import { isServerAddress } from '../../client/servers.ts';
import { RUN } from '../../ops/options/invocation.ts';
import { isNick, roomKey } from '../../wire/names.ts';
import { ACCESS_FLAGS, type AccessPaths, PASSWORD_VARIABLE, pathsOf } from '../access.ts';
import { type Flags, parseFlags, shown } from '../flags.ts';

export interface ChatOptions extends AccessPaths {
  /** `host:port` or `tls://host:port`, tried in turn. */
  readonly servers: readonly string[];
  readonly nick: string;
  /** One at least; the first is talked in. */
  readonly rooms: readonly string[];
  /** Lines of text, where the whole screen could be had. */
  readonly plain: boolean;
  readonly colour: boolean;
}

const DEFAULT_SERVER = '127.0.0.1:7400';
const DEFAULT_ROOM = 'lobby';
const NICK_LENGTH = 32;
const FLAGS = {
  server: { type: 'string', multiple: true },
  nick: { type: 'string' },
  room: { type: 'string', multiple: true },
  plain: { type: 'boolean' },
  'no-color': { type: 'boolean' },
  ...ACCESS_FLAGS,
} as const;

export const USAGE = `Usage: ${RUN} chat [--server HOST:PORT] [--nick NICK] [--room ROOM] …

  --server HOST:PORT    the server to chat on; may be given several times (${DEFAULT_SERVER})
  --server tls://H:P    the same, with TLS
  --tls-ca FILE         authorities whose certificates are believed, in PEM (those that Bun comes with)
  --password-file FILE  the server's password, where it asks for one (the variable ${PASSWORD_VARIABLE})
  --nick NICK           your nickname (your user name on this machine)
  --room ROOM           the room to enter, made when there is none; may be given several times (${DEFAULT_ROOM})
  --plain               lines of text below each other; without it a terminal gives its whole screen
  --no-color            no colours and no bold print (the same: a variable NO_COLOR that is not empty)
  --help                this text

On a whole screen Tab completes, PgUp goes back to what was said before, Alt-1 to Alt-9 change the room.
/help lists everything. In a pipe, and where TERM is dumb, it is lines of text.`;

/** Reads the arguments behind the program's name; `user` is who runs it. */
export function readFlags(args: readonly string[], user: string | undefined): Flags<ChatOptions> {
  const values = parseFlags(args, FLAGS);
  if (typeof values === 'string') return { wrong: values };
  if (values.help) return { help: USAGE };
  const servers = values.server ?? [DEFAULT_SERVER];
  const { nick = nickFrom(user), room: rooms = [DEFAULT_ROOM] } = values;
  const address = servers.find((server) => !isServerAddress(server));
  if (address !== undefined) return { wrong: `--server ${shown(address)} is neither HOST:PORT nor tls://HOST:PORT` };
  if (!isNick(nick)) return { wrong: `--nick ${shown(nick)} cannot be a nickname: 1-32 letters, digits, _-[]{}^|` };
  const room = rooms.find((each) => roomKey(each) === undefined);
  if (room !== undefined) {
    return { wrong: `--room ${shown(room)} cannot be a room's name: 1-64 letters, digits, _-.#` };
  }
  const look = { plain: values.plain === true, colour: values['no-color'] !== true };
  return { options: { servers, nick, rooms, ...look, ...pathsOf(values) } };
}

/** A nickname made of the name of the machine's user. */
function nickFrom(user: string | undefined): string {
  const nick = (user ?? '')
    .replace(/[^A-Za-z0-9_[\]{}^|-]/g, '')
    .replace(/^[0-9-]+/, '')
    .slice(0, NICK_LENGTH);
  return nick === '' ? 'guest' : nick;
}

// `server health`: asks a server on this machine whether it is alive, for supervisors that have no HTTP client of their
// own, such as a container's. It takes the flags, variables and file that the server takes, and finds in them where
// operators look. Says the answer in one line; never waits for long.

import { connect } from 'node:net';
import type { ListenAddress } from '../../net/edge.ts';
import { formatAddress } from '../address.ts';

const WAIT_MS = 3000;
/** Addresses to listen on that are none to go to, and the one of this machine that reaches them. */
const LOOPBACK = new Map([
  ['0.0.0.0', '127.0.0.1'],
  ['::', '::1'],
]);

/** Asks what listens at `address`; resolves to the exit code, 0 when it answered that it is well. */
export async function healthCommand(
  address: ListenAddress | 'off',
  say: (line: string) => void,
  waitMs = WAIT_MS,
): Promise<number> {
  if (address === 'off' || address.port === 0) {
    say(address === 'off' ? '--http is off: there is nobody to ask' : '--http has port 0: nobody knows which it got');
    return 1;
  }
  const at = { host: LOOPBACK.get(address.host) ?? address.host, port: address.port };
  const answer = await ask(at, waitMs);
  say(`${formatAddress(at)}: ${answer}`);
  return /^HTTP\/1\.1 200\b/.test(answer) ? 0 : 1;
}

/** The first line of the answer to GET /healthz, or what became of the question. No proxy is asked, whatever is set. */
function ask({ host, port }: ListenAddress, waitMs: number): Promise<string> {
  return new Promise((resolve) => {
    const socket = connect({ host, port });
    const timer = setTimeout(() => done(`no answer in ${waitMs / 1000} s`), waitMs);
    let text = '';
    const done = (answer: string): void => {
      clearTimeout(timer);
      socket.destroy();
      resolve(answer);
    };
    socket.setEncoding('latin1');
    socket.on('connect', () => socket.write('GET /healthz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n'));
    socket.on('data', (part) => {
      text += part;
      if (text.includes('\r\n')) done(text.slice(0, text.indexOf('\r\n')));
    });
    socket.on('error', ({ code, message }: NodeJS.ErrnoException) =>
      done(
        code === 'ECONNREFUSED' ? 'nobody listens there; is the server up, and this its --http?' : (code ?? message),
      ),
    );
    socket.on('close', () => done('closed without an answer'));
  });
}

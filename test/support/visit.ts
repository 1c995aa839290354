// A visit: one connection of many that come and go. What it says, and how it ends, differ by its number.

import { RawClient } from './raw-client.ts';

export async function visit(port: number, number: number): Promise<void> {
  const client = await RawClient.connect(port);
  if (number % 4 === 1) client.send('<NICK,vis');
  if (number % 4 === 2) client.send('junk\0junk<<<<');
  if (number % 4 === 3) {
    client.send(`<USER,v${number},0,*,v><PING,there>`);
    await client.until('<PONG,there>');
  }
  if (number % 3 === 0) client[Symbol.dispose]();
  else client.reset();
}

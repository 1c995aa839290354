// Every example in the comments of the SDK is compiled against the built package, and run at a real server.

import { expect, setDefaultTimeout, test } from 'bun:test';
import { documented, exportedNames } from '../client/sdk/example-list.ts';
import { SdkPackage } from '../support/sdk-package.ts';
import { ServerProcess } from '../support/server.ts';

setDefaultTimeout(120_000);

const EXAMPLES = documented();
const TYPES = exportedNames().filter((name) => name !== 'connect' && name !== 'ClientError');

/** What every example has: a chat, and a room in it. */
const BEFORE = `
import { ClientError, connect, type ${TYPES.join(', type ')} } from 'chorus';
declare const process: { readonly argv: string[] };
const servers = [process.argv[2] as string];
await using chat = await connect({ servers, nick: 'ann' });
const room = await chat.join('dev', { create: true });
console.assert = (good, ...words) => {
  if (!good) throw new Error(\`it is not so: \${words}\`);
};
{
`;

const RUN = `
for (const file of process.argv.slice(3)) {
  console.log(file);
  await import(file);
}
console.log('all of them');
`;

test('everything public has an example', () => {
  expect(EXAMPLES.length).toBeGreaterThan(35);
  for (const name of ['connect', 'ClientError', 'Chat.join', 'Room.send', 'Room.[Symbol.asyncIterator]']) {
    expect(EXAMPLES.map((each) => each.name)).toContain(name);
  }
  expect(EXAMPLES.filter(({ example }) => example === '').map(({ name }) => name)).toEqual([]);
});

test('every example compiles and runs', async () => {
  await using server = await ServerProcess.start('--flood', 'off');
  using made = await SdkPackage.build();
  const files = EXAMPLES.map(({ name, example }) => {
    const file = `${name.replace(/\W+/g, '-')}.ts`;
    made.write(file, `${BEFORE}${example}\n}\n`);
    return `./${file}`;
  });
  made.write('run.js', RUN);
  expect(await made.compile(files)).toBe('');
  const { code, output } = await made.run([process.execPath, 'run.js', `127.0.0.1:${server.port}`, ...files]);
  expect(output).toEndWith('all of them\n');
  expect(code).toBe(0);
});

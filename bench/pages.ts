// bun bench/pages.ts: what the web chat costs the browser of somebody in a busy room, in a real Chromium without a window.
// A room is filled to the 5,000 lines that a page keeps; then 200 messages a second come for ten seconds, at the end of the
// log and somewhere in its middle. It says how many tasks of the page took longer than 50 ms by Chromium's trace, and the
// longest, in time of its thread (by the clock a busy machine stands in between); besides, the bytes of its scripts as they
// are sent, and how long the first picture took. It needs Chromium.

import { TestBrowser } from '../test/support/browser.ts';
import { RawClient } from '../test/support/raw-client.ts';
import { helpIfAsked } from './help.ts';
import { type Row, tableText } from './report.ts';
import { ServerProcess } from './server-process.ts';

const LINES = 5000;
const A_SECOND = 200;
const SECONDS = 10;
const PIECES_MS = 50;

helpIfAsked(import.meta.path);

await using server = await ServerProcess.start('--room-messages', '8192', '--room-bytes', '16MiB');
await using browser = await TestBrowser.start();
const page = await browser.page();
await page.goto(`http://127.0.0.1:${server.web}/#busy`);
const paint = await page.evaluate(
  `new Promise((resolve) => new PerformanceObserver((list) => resolve(list.getEntries()[0].startTime))
    .observe({ type: 'paint', buffered: true }))`,
);
const scripts = await page.evaluate(
  `performance.getEntriesByType('resource').map(({ name, encodedBodySize }) => name + ' ' + encodedBodySize)`,
);
await page.fill('[name=nick]', 'reader');
await page.click('button[type=submit]');
await page.locator('.composer textarea:not([disabled])').waitFor();
using talker = await RawClient.register(server.port, 'talker');
talker.send('<JOINROOM,busy>');
let said = 0;
await talk(LINES, 2000);
await page.locator('.text', { hasText: `word ${LINES} ` }).waitFor({ state: 'attached' });
const rows: Row[] = [];
for (const [name, prepare] of [
  ['at the end', `document.querySelector('.log').scrollTop = 1e9`],
  ['in the middle', `document.querySelector('.log').scrollTop = document.querySelector('.log').scrollHeight / 2`],
] as const) {
  await page.evaluate(`${prepare}; new Promise((resolve) => setTimeout(resolve, 500))`);
  await browser.trace(page);
  await talk(A_SECOND * SECONDS, A_SECOND);
  await page.locator('.text', { hasText: `word ${said} ` }).waitFor({ state: 'attached' });
  const tasks = await browser.tasks();
  const shown = await page.evaluate(`document.querySelectorAll('.message').length`);
  const over = (ms: number, list: readonly number[]): number => list.filter((task) => task > ms).length;
  const [wall, thread] = [tasks.map(({ ms }) => ms), tasks.map(({ threadMs }) => threadMs)];
  rows.push({
    name,
    values: [Number(shown), over(50, thread), Math.max(0, ...thread), over(50, wall), Math.max(0, ...wall)],
  });
}
process.stdout.write(`first paint after ${Number(paint).toFixed(0)} ms; ${(scripts as string[]).join(', ')} bytes\n`);
process.stdout.write(
  tableText({
    ...{ suite: 'pages', title: `${A_SECOND} messages a second, reading` },
    ...{ columns: ['lines', 'over 50 ms', 'longest, ms', 'over 50 ms by the clock', 'longest by the clock, ms'], rows },
  }),
);
for (const fault of browser.faults) process.stderr.write(`${fault}\n`);

/** Says so many words, so many a second. */
async function talk(count: number, aSecond: number): Promise<void> {
  const piece = Math.round((aSecond * PIECES_MS) / 1000);
  for (let left = count; left > 0; left -= piece) {
    let frames = '';
    for (let i = 0; i < Math.min(piece, left); i++) {
      frames += `<CSEND,word ${++said} of a talk that goes on${' and on'.repeat(said % 9)}>`;
    }
    talker.send(frames);
    await Bun.sleep(PIECES_MS);
  }
}

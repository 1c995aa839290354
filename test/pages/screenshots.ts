// Pictures of both pages, to be looked at: `bun test/pages/screenshots.ts FOLDER [chat|admin]`. It starts servers of its own
// on loopback, brings the pages into the states that people see (full, empty, broken), and writes each as a PNG, light and
// dark, wide and as on a phone. It judges nothing; the servers and the browser end with it.

import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Page } from 'playwright-core';
import { TestBrowser } from '../support/browser.ts';
import { enter, goInto, PHONE, WRITE } from '../support/chat-page.ts';
import { fixedAddresses, TestNetwork } from '../support/network.ts';
import { RawClient } from '../support/raw-client.ts';
import { Relay } from '../support/relay.ts';
import { ServerProcess } from '../support/server.ts';

const WIDE = { width: 1280, height: 800 };
const WEB = ['--web', '127.0.0.1:0'] as const;
const TOKEN = 'a-token-for-pictures';
const LONG_NICK = 'a-nickname-of-thirty-two-letters';
const LONG_ROOM = `room-with-a-name-of-sixty-four-letters-${'and-on-'.repeat(4)}`.slice(0, 64).replace(/-$/, 'x');

/** Takes pictures of a page, each in both colours; `on` says on which screens. */
class Studio {
  readonly browser: TestBrowser;
  readonly #folder: string;

  constructor(browser: TestBrowser, folder: string) {
    this.browser = browser;
    this.#folder = folder;
  }

  async take(page: Page, name: string, on: 'both' | 'wide' | 'phone' = 'both', fullPage = false): Promise<void> {
    const sizes = [...(on === 'phone' ? [] : [WIDE]), ...(on === 'wide' ? [] : [PHONE.viewport])];
    for (const size of sizes) {
      await page.setViewportSize(size);
      for (const colorScheme of ['light', 'dark'] as const) {
        await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' });
        // Two frames later everything is drawn, plots included.
        await page.evaluate('new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))');
        const path = join(this.#folder, `${name}-${colorScheme}-${size.width}.png`);
        await page.screenshot({ path, fullPage, animations: 'disabled' });
        console.error(path);
      }
    }
    await page.setViewportSize(WIDE);
  }
}

function line(page: Page, text: string): Promise<void> {
  return page.locator('.log', { hasText: text }).waitFor();
}

/** A text as a frame has it. */
function escaped(text: string): string {
  return text.replace(/[<>,\\]/g, '\\$&');
}

/** The way in: as one comes, with something wrong, into an empty room, and without a server. */
async function chatAlone(studio: Studio): Promise<void> {
  await using server = await ServerProcess.start('--name', 'alpha', ...WEB);
  using relay = new Relay(server.webPort);
  using taken = await RawClient.register(server.port, 'marguerite');
  const page = await studio.browser.page();
  await page.goto(`http://127.0.0.1:${relay.port}/`);
  await page.waitForSelector('[name=nick]');
  await studio.take(page, 'chat-welcome');
  await page.fill('[name=nick]', 'marguerite');
  await page.click('button[type=submit]');
  await page.locator('.problem').waitFor();
  await studio.take(page, 'chat-welcome-problem');
  taken.send('<QUIT>');
  await taken.ended();
  await page.click('button[type=submit]');
  await page.waitForSelector(WRITE);
  await studio.take(page, 'chat-empty');
  await page.fill(WRITE, 'written when nobody was there to take it');
  await server.stop('SIGKILL');
  await page.locator('.banner').waitFor();
  await page.keyboard.press('Enter');
  await studio.take(page, 'chat-offline');
  await page.close();
}

/** A busy room, as somebody sees it over an hour in which a server is lost and comes back. */
async function chatBusy(studio: Studio): Promise<void> {
  await using net = new TestNetwork();
  const [alpha, beta, gamma] = await Promise.all(
    ['alpha', 'beta', 'gamma-with-a-rather-long-name'].map((name) => net.start(name, ...WEB, '--hold', '1s')),
  );
  if (alpha === undefined || beta === undefined || gamma === undefined) throw new Error('no servers');
  const [ann, bob] = [await RawClient.register(gamma.port, 'ann'), await RawClient.register(gamma.port, LONG_NICK)];
  using eve = await RawClient.register(alpha.port, 'eve');
  ann.send('<CREATEROOM,lobby><JOINROOM,lobby>');
  bob.send('<JOINROOM,lobby>');
  for (let i = 0; i < 12; i++) ann.send(`<CSEND,${escaped(WORDS[i % WORDS.length] as string)}>`);
  const page = await studio.browser.page();
  await enter(page, beta.webPort, 'marguerite', 'lobby');
  eve.send('<JOINROOM,lobby>');
  for (const text of [
    'so this is the place',
    'a link: https://example.org/a/rather/long/path?with=a&query=string#and',
  ]) {
    eve.send(`<CSEND,${escaped(text)}>`);
  }
  bob.send('<CSEND,marguerite: have you seen this? It is meant for you.>');
  await line(page, 'have you seen');
  await studio.take(page, 'chat-room');
  await goInto(page, 'garden');
  await page.fill(WRITE, 'a draft that waits');
  await goInto(page, LONG_ROOM);
  ann.send('<CSEND,marguerite\\, are you there?>');
  await page.locator('.rooms .count').waitFor();
  await studio.take(page, 'chat-long-room');
  await gamma.stop('SIGKILL');
  await page.locator('.rooms .row', { hasText: 'lobby' }).click();
  await line(page, 'out of reach');
  eve.send('<CSEND,what was that?>');
  await line(page, 'what was that?');
  await page.fill(WRITE, 'first line\nsecond line\nthird line');
  await studio.take(page, 'chat-busy');
  await page.locator('.message.follows').last().hover();
  await studio.take(page, 'chat-hover');
  await page.keyboard.press('Control+k');
  await page.locator('dialog input:focus').waitFor();
  await page.keyboard.type('gar');
  await studio.take(page, 'chat-finder');
  await page.keyboard.press('Escape');
  await page.keyboard.press('Control+/');
  await page.locator('dialog').waitFor();
  await studio.take(page, 'chat-keys');
  await page.keyboard.press('Escape');
  await page.setViewportSize(PHONE.viewport);
  await page.click('.narrow-only');
  await studio.take(page, 'chat-drawer-rooms', 'phone');
  await page.setViewportSize(PHONE.viewport);
  await page.keyboard.press('Escape');
  await page.locator('.with-rooms').waitFor({ state: 'detached' });
  await page.click('.people-button');
  await studio.take(page, 'chat-drawer-people', 'phone');
  await page.close();
}

const WORDS = [
  'good morning',
  'has anybody tried the new build?',
  'It takes about a third of the time now; I measured it twice, because I did not believe it the first time either.',
  'ok',
  'The order of everything that is said here is the same for everybody, whichever server they are at.',
];

/** Forty rooms and three hundred people, in all languages. */
async function chatCrowd(studio: Studio): Promise<void> {
  const flags = ['--flood', 'off', '--rooms-per-user', '50'];
  await using server = await ServerProcess.start('--name', 'alpha', ...flags, ...WEB);
  const page = await studio.browser.page();
  await enter(page, server.webPort, 'marguerite', 'hall');
  const people = await Promise.all(
    Array.from({ length: 300 }, (_, i) => RawClient.register(server.port, `${NAMES[i % NAMES.length]}${i}`)),
  );
  for (const each of people) each.send('<JOINROOM,hall>');
  for (const [i, text] of TONGUES.entries()) people[i]?.send(`<CSEND,${escaped(text)}>`);
  await line(page, TONGUES.at(-1) as string);
  for (let i = 1; i < 40; i++) await goInto(page, `room-${i}`);
  await page.locator('.rooms .row', { hasText: 'hall' }).click();
  await studio.take(page, 'chat-crowd');
  for (const each of people) each[Symbol.dispose]();
  await page.close();
}

const NAMES = ['ann', 'Bob', 'carla', 'Dimitri', 'eve', 'Fatima', 'gus', 'hildegard-of-bingen'];
const TONGUES = [
  '\u0645\u0631\u062d\u0628\u0627 \u0628\u0643\u0645 \u0641\u064a \u0647\u0630\u0627 \u0627\u0644\u0645\u0643\u0627\u0646',
  '\u4eca\u65e5\u306f\u3001\u5143\u6c17\u3067\u3059\u304b',
  '\u{1f469}\u200d\u{1f469}\u200d\u{1f467} \u{1f389}\u{1f389} \u{1f1eb}\u{1f1f7}',
  'z\u0351\u0327\u0351\u0327\u0351\u0327\u0351\u0327\u0351\u0327algo, and <b>no</b> markup',
  'w'.repeat(600),
  'the last of them',
];

async function door(page: Page, http: string, token: string): Promise<void> {
  await page.goto(`http://${http}/admin`);
  await page.fill('[name=token]', token);
  await page.click('button[type=submit]');
}

/** The operators' page: the door, one server alone, three that are busy, one lost, a link broken, and no answer. */
async function admin(studio: Studio): Promise<void> {
  await using net = new TestNetwork();
  const api = ['--http', '127.0.0.1:0', '--api-token-file', net.secret('token', TOKEN)];
  const page = await studio.browser.page();
  {
    await using solo = await ServerProcess.start('--name', 'solo', ...api);
    await page.goto(`http://${solo.ready.http}/admin`);
    await page.waitForSelector('[name=token]');
    await studio.take(page, 'admin-door');
    await door(page, solo.ready.http as string, 'wrong');
    await page.locator('.problem').waitFor();
    await studio.take(page, 'admin-wrong-token');
    await door(page, solo.ready.http as string, TOKEN);
    await page.locator('.server.live').waitFor();
    await page.waitForTimeout(2500);
    await studio.take(page, 'admin-alone', 'both', true);
  }
  await page.locator('.verdict.bad').waitFor();
  await studio.take(page, 'admin-no-answer');
  const places = fixedAddresses();
  const long = 'a-server-with-a-rather-long-name';
  const [alpha, beta] = await Promise.all([
    net.start('alpha', ...api, '--info', 'The first of them, in a rack by the window'),
    net.start('beta', '--id', '2', ...places),
    net.start(long),
  ]);
  const people = await Promise.all(
    Array.from({ length: 30 }, (_, i) => RawClient.register(alpha.port, i === 0 ? LONG_NICK : `guest${i}`)),
  );
  const rooms = Array.from({ length: 40 }, (_, i) => (i === 0 ? LONG_ROOM : `room-${i}`));
  for (const [i, room] of rooms.entries()) people[i % 30]?.send(`<CREATEROOM,${room}>`);
  for (const [i, each] of people.entries()) each.send(`<JOINROOM,${rooms[i % 7]}>`);
  const talking = setInterval(() => {
    for (const [i, each] of people.entries()) each.send(`<CSEND,hello ${i}>`);
  }, 100);
  await door(page, alpha.ready.http as string, TOKEN);
  await page.locator(`.server.live[data-server=${long}]`).waitFor();
  // Plots grow a point a second.
  await page.waitForTimeout(12_000);
  await studio.take(page, 'admin-busy', 'both', true);
  await page.click('[data-server=beta]');
  await studio.take(page, 'admin-chosen');
  await page.locator('.details li', { hasText: long }).locator('button').click();
  await page.locator('dialog').waitFor();
  await studio.take(page, 'admin-confirm');
  await page.click('dialog button[type=submit]');
  await page.locator('.link-label.broken').waitFor();
  await studio.take(page, 'admin-broken');
  await beta.stop('SIGKILL');
  await page.locator('.server.lost').waitFor();
  await studio.take(page, 'admin-lost');
  clearInterval(talking);
  for (const each of people) each[Symbol.dispose]();
  await page.close();
}

/** The map of a large network: answers of an API, without the servers. */
async function adminLarge(studio: Studio): Promise<void> {
  await using net = new TestNetwork();
  const api = ['--http', '127.0.0.1:0', '--api-token-file', net.secret('token', TOKEN)];
  await using server = await ServerProcess.start('--name', 'alpha', ...api);
  const page = await studio.browser.page();
  const names = Array.from({ length: 20 }, (_, i) => (i === 3 ? 'a-server-with-a-rather-long-name' : `server-${i}`));
  const servers = names.map((name, i) => ({
    ...{ name, id: i + 1, hopcount: i === 0 ? 0 : 1 + (i % 3), via: '', users: i * 137, info: `rack ${i}` },
    links: names.filter((_, j) => j !== i && (j === (i + 1) % 20 || i === (j + 1) % 20 || (i + j) % 7 === 0)),
    load: { rooms: 4 * i, inRate: 12.5 * i, outRate: 480 * i },
  }));
  await page.route('**/api/servers', (route) => route.fulfill({ json: { servers } }));
  await door(page, server.ready.http as string, TOKEN);
  await page.locator('.server.live').last().waitFor();
  await studio.take(page, 'admin-twenty');
  await page.click(`[data-server=${names[3]}]`);
  await studio.take(page, 'admin-twenty-chosen');
  await page.close();
}

async function main([folder, which = '']: readonly string[]): Promise<void> {
  if (folder === undefined) throw new Error('usage: bun test/pages/screenshots.ts FOLDER [chat|admin]');
  mkdirSync(folder, { recursive: true });
  await using browser = await TestBrowser.start();
  const studio = new Studio(browser, folder);
  const tours = { chatAlone, chatBusy, chatCrowd, admin, adminLarge };
  for (const [name, tour] of Object.entries(tours)) if (name.startsWith(which)) await tour(studio);
  for (const fault of browser.faults) console.error(`the page complains: ${fault}`);
}

if (import.meta.main) await main(process.argv.slice(2));

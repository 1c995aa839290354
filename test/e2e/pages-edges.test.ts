// The web chat where things go otherwise than one would like: other tabs, reloads, addresses typed by hand, storage that
// is refused, servers that want a password or end one, and people without a mouse or without eyes.

import { afterAll, afterEach, beforeAll, describe, expect, setDefaultTimeout, test } from 'bun:test';
import { rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { chromiumPath, TestBrowser } from '../support/browser.ts';
import { enter, goInto, inRoom, PHONE, say, sees, texts, WRITE } from '../support/chat-page.ts';
import { RawClient } from '../support/raw-client.ts';
import { Relay } from '../support/relay.ts';
import { ServerProcess } from '../support/server.ts';

// Servers and a browser, on a machine that may be busy.
setDefaultTimeout(120_000);

const WEB = ['--flood', 'off', '--web', '127.0.0.1:0'] as const;

describe.skipIf(chromiumPath === undefined)('the web chat at its edges (needs Chromium)', () => {
  let browser: TestBrowser;
  let server: ServerProcess;
  beforeAll(async () => {
    browser = await TestBrowser.start();
    server = await ServerProcess.start('--name', 'alpha', ...WEB);
  });
  afterAll(async () => {
    await browser[Symbol.asyncDispose]();
    await server[Symbol.asyncDispose]();
  });
  afterEach(() => expect(browser.faults).toEqual([]));

  test('the address says the room: one that is typed is gone to, a reload goes on there, nonsense is none', async () => {
    const page = await browser.page();
    await page.goto(`http://127.0.0.1:${server.webPort}/#%`);
    await page.fill('[name=nick]', 'addy');
    expect(await page.inputValue('[name=room]')).toBe('lobby');
    await page.click('button[type=submit]');
    await inRoom(page, 'lobby');
    await page.evaluate(`location.hash = '#other'`);
    await inRoom(page, 'other');
    await page.evaluate(`location.hash = '#no room at all'`);
    await goInto(page, 'third');
    await page.waitForURL('**/#third');
    await page.locator('.rooms .row', { hasText: 'other' }).click();
    await page.waitForURL('**/#other');
    await page.reload();
    await inRoom(page, 'other');
    expect(await page.locator('.rooms .row:not(.add) bdi').allTextContents()).toEqual(['other', 'lobby', 'third']);
    await page.goto('about:blank');
    await page.goBack();
    await inRoom(page, 'other');
    await page.close();
  });

  test('a browser that refuses to keep anything is talked with all the same', async () => {
    const page = await browser.page();
    await page.addInitScript(`for (const name of ['localStorage', 'sessionStorage'])
      Object.defineProperty(window, name, { get() { throw new DOMException('refused', 'SecurityError'); } });`);
    await enter(page, server.webPort, 'nokeep', 'nokeep');
    await say(page, 'hello');
    await sees(page, 'hello');
    await page.close();
  });

  test('who leaves a room before being in it is not in it, and who comes back is', async () => {
    const page = await browser.page();
    await enter(page, server.webPort, 'hasty', 'first');
    const ask = async (room: string): Promise<void> => {
      await page.keyboard.press('Control+k');
      await page.fill('dialog input', room);
      await page.keyboard.press('Enter');
    };
    server.process.kill('SIGSTOP');
    try {
      await ask('gone');
      await ask('back');
      await page.click('[aria-label="Leave back"]');
      await page.locator('.rooms .row', { hasText: 'gone' }).click();
      await page.click('[aria-label="Leave gone"]');
      await ask('back');
    } finally {
      server.process.kill('SIGCONT');
    }
    await inRoom(page, 'back');
    await say(page, 'here');
    await sees(page, 'here');
    using eve = await RawClient.register(server.port, 'evehasty');
    for (let people = 'hasty!'; people.includes('hasty!'); ) {
      eve.send('<JOINROOM,gone><ULIST,gone>');
      people = await eve.until('<RPL_ENDOFULIST');
      if (people.includes('hasty!')) await Bun.sleep(100);
    }
    await page.close();
  });

  test('what was written and not sent stays with its room, also one that was left', async () => {
    const page = await browser.page();
    await enter(page, server.webPort, 'drafty', 'one');
    await page.fill(WRITE, 'in one');
    await goInto(page, 'two');
    await page.fill(WRITE, 'in two');
    await page.click('[aria-label="Leave two"]');
    await inRoom(page, 'one');
    expect(await page.inputValue(WRITE)).toBe('in one');
    await page.locator('.head h1', { hasText: 'one' }).waitFor();
    await page.reload();
    await inRoom(page, 'one');
    expect(await page.inputValue(WRITE)).toBe('in one');
    await goInto(page, 'two');
    expect(await page.inputValue(WRITE)).toBe('in two');
    await page.close();
  });

  test('a message has the bytes that the wire gives it, and a command of several lines is a command', async () => {
    const page = await browser.page();
    await enter(page, server.webPort, 'lengthy', 'long');
    await say(page, 'é'.repeat(2048));
    await sees(page, 'é'.repeat(2048));
    await say(page, `${'é'.repeat(2047)},`);
    await sees(page, `${'é'.repeat(2047)},`.slice(-20));
    await say(page, `${'w'.repeat(4095)},`);
    expect(await page.locator('.composer .problem').textContent()).toContain('4097 bytes');
    expect((await page.inputValue(WRITE)).length).toBe(4096);
    await page.fill(WRITE, '');
    using mary = await RawClient.register(server.port, 'mary');
    await say(page, '/msg mary a secret\nof two lines');
    expect(await mary.until('<LMSG')).toContain('a secret');
    await page.locator('.rooms .row', { hasText: 'long' }).click();
    await inRoom(page, 'long');
    await say(page, 'one line\nanother \u{1f469}\u200d\u{1f467}\n\u0645\u0631\u062d\u0628\u0627');
    await sees(page, 'another \u{1f469}\u200d\u{1f467}');
    expect((await texts(page)).join()).not.toContain('secret');
    await page.close();
  });

  test('what is written while the connection is away is said once, in its order', async () => {
    using relay = new Relay(server.webPort);
    using ear = await RawClient.register(server.port, 'ear');
    const page = await browser.page();
    await enter(page, relay.port, 'cutty', 'cut');
    ear.send('<JOINROOM,cut>');
    const said = Array.from({ length: 12 }, (_, i) => `number ${i}`);
    for (const [i, text] of said.entries()) {
      if (i % 4 === 2) relay.cut();
      await say(page, text);
    }
    await page.locator('.message:not(.unsettled)').nth(11).waitFor();
    await page.locator('.unsettled').first().waitFor({ state: 'detached' });
    expect(await texts(page)).toEqual(said);
    await page.close();
  });

  test('a name that somebody else has by now is asked for again, and taken when it is free', async () => {
    const page = await browser.page();
    await enter(page, server.webPort, 'wanted', 'names');
    await page.goto('about:blank');
    // The server lets a name go a moment after its page has gone.
    let thief: RawClient | undefined;
    while (thief === undefined) thief = await RawClient.register(server.port, 'wanted').catch(() => undefined);
    await page.goto(`http://127.0.0.1:${server.webPort}/#names`);
    await page.locator('.problem', { hasText: 'The nickname wanted is in use' }).waitFor();
    expect(await page.inputValue('[name=nick]')).toBe('wanted');
    thief.send('<QUIT>');
    await thief.ended();
    await page.click('button[type=submit]');
    await inRoom(page, 'names');
    await page.close();
  });

  test('a password is asked for where the server wants one', async () => {
    const file = join(tmpdir(), `chorus-password-${crypto.randomUUID()}`);
    writeFileSync(file, `${Bun.password.hashSync('sesame', { algorithm: 'bcrypt', cost: 4 })}\n`, { mode: 0o600 });
    await using closed = await ServerProcess.start('--password-file', file, ...WEB);
    rmSync(file);
    const page = await browser.page();
    await page.goto(`http://127.0.0.1:${closed.webPort}/`);
    await page.fill('[name=nick]', 'ali');
    expect(await page.locator('[name=password]').count()).toBe(0);
    await page.click('button[type=submit]');
    await page.fill('[name=password]', 'sesame');
    await page.click('button[type=submit]');
    await inRoom(page, 'lobby');
    expect(await page.evaluate('JSON.stringify(localStorage) + JSON.stringify(sessionStorage)')).not.toContain(
      'sesame',
    );
    await page.close();
  });

  test('a page whose scripts are gone says what to do', async () => {
    const page = await browser.page();
    await page.route('**/*.js', (route) => route.abort('connectionrefused'));
    await page.goto(`http://127.0.0.1:${server.webPort}/`);
    expect(await page.locator('.late').isVisible()).toBe(false);
    await page.locator('.late').waitFor({ state: 'visible' });
    await page.unroute('**/*.js');
    await page.click('.late a');
    await page.locator('[name=nick]').waitFor();
    await page.close();
  });

  test('readers of screens are told what is new, a little at a time, and nothing of what was said before', async () => {
    using eve = await RawClient.register(server.port, 'everead');
    eve.send('<CREATEROOM,read><JOINROOM,read>');
    for (let i = 0; i < 500; i++) eve.send(`<CSEND,before ${i}>`);
    const page = await browser.page();
    await enter(page, server.webPort, 'reader', 'read');
    await sees(page, 'before 499');
    const live = page.locator('[aria-live=polite].unseen');
    expect(await live.textContent()).toBe('');
    await page.evaluate(`window.spoken = []; new MutationObserver(() => spoken.push(document.querySelector(
      '[aria-live=polite].unseen').textContent)).observe(document.querySelector('[aria-live=polite].unseen'),
      { subtree: true, childList: true, characterData: true })`);
    for (let i = 0; i < 100; i++) eve.send(`<CSEND,after ${i}>`);
    await page.locator('[aria-live=polite].unseen', { hasText: 'after 99' }).waitFor({ state: 'attached' });
    expect(((await page.evaluate('spoken')) as string[]).length).toBeLessThan(5);
    expect(await live.textContent()).toContain('messages, the last from everead: after 99');
    await page.close();
  });

  test('everything is reached by the keys on a phone, too: sides take the focus and give it back', async () => {
    const page = await browser.page(PHONE);
    await enter(page, server.webPort, 'keyed', 'alone');
    await page.locator('.narrow-only').focus();
    await page.keyboard.press('Enter');
    await page.locator('.with-rooms .rooms button:focus').waitFor();
    await page.keyboard.press('Escape');
    await page.locator('.with-rooms').waitFor({ state: 'detached' });
    await page.locator('.narrow-only:focus').waitFor();
    await goInto(page, 'garden');
    await goInto(page, 'gate');
    await page.keyboard.press('Control+k');
    await page.fill('dialog input', 'ga');
    expect(await page.getByRole('option').allTextContents()).toEqual(['gardenEnter', 'gate', 'Join ga']);
    await page.keyboard.press('ArrowDown');
    await page.keyboard.press('ArrowDown');
    expect(await page.getByRole('option', { selected: true }).textContent()).toBe('Join gaEnter');
    await page.keyboard.press('ArrowUp');
    await page.keyboard.press('Enter');
    await inRoom(page, 'gate');
    const small = await page.evaluate(`[...document.querySelectorAll('button')].filter((at) => at.checkVisibility())
      .map((at) => [at.ariaLabel ?? at.innerText, at.offsetWidth, at.offsetHeight])
      .filter(([, width, height]) => width < 44 || height < 44)`);
    expect(small).toEqual([]);
    await page.close();
  });
});

// The web chat in a real browser, against real servers: people talk, a server is killed under them, whatever is said is
// shown as text, and whoever cannot see or use a mouse has all of it.

import { afterAll, afterEach, beforeAll, describe, expect, setDefaultTimeout, test } from 'bun:test';
import { chromiumPath, TestBrowser } from '../support/browser.ts';
import { complaints, enter, PHONE, say, sees, texts, WRITE } from '../support/chat-page.ts';
import { TestNetwork } from '../support/network.ts';
import { RawClient } from '../support/raw-client.ts';
import { ServerProcess } from '../support/server.ts';

// Servers and a browser, on a machine that may be busy.
setDefaultTimeout(120_000);

describe.skipIf(chromiumPath === undefined)('the web chat (needs Chromium)', () => {
  let browser: TestBrowser;
  let server: ServerProcess;
  beforeAll(async () => {
    browser = await TestBrowser.start();
    server = await ServerProcess.start('--name', 'alpha', '--flood', 'off', '--web', '127.0.0.1:0');
  });
  afterAll(async () => {
    await browser[Symbol.asyncDispose]();
    await server[Symbol.asyncDispose]();
  });
  afterEach(() => expect(browser.faults).toEqual([]));

  test('two people on two servers talk, and go on when one is killed', async () => {
    await using net = new TestNetwork();
    const flags = ['--web', '127.0.0.1:0', '--hold', '1s'];
    const [alpha, beta] = await Promise.all(['alpha', 'beta', 'gamma'].map((name) => net.start(name, ...flags)));
    if (alpha === undefined || beta === undefined) throw new Error('no servers');
    const [ann, bob] = [await browser.page(), await browser.page()];
    await enter(ann, alpha.webPort, 'ann');
    await enter(bob, beta.webPort, 'bob');
    await bob.locator('.people .row', { hasText: 'ann' }).waitFor();
    await say(ann, 'hello bob', 'how is beta?');
    await sees(bob, 'how is beta?');
    await say(bob, 'quiet');
    await sees(ann, 'quiet');
    await alpha.stop('SIGKILL');
    const killed = performance.now();
    await say(ann, 'still here', 'and here');
    await say(bob, 'me too');
    for (const [page, text] of [
      [bob, 'and here'],
      [ann, 'me too'],
      [ann, 'and here'],
    ] as const) {
      await sees(page, text);
    }
    console.error(`both went on ${((performance.now() - killed) / 1000).toFixed(1)} s after the kill`);
    const heard = await texts(ann);
    expect([...heard].sort()).toEqual(['and here', 'hello bob', 'how is beta?', 'me too', 'quiet', 'still here']);
    expect(await texts(bob)).toEqual(heard);
    expect(await ann.locator('.connection .where').textContent()).not.toContain(String(alpha.webPort));
    await Promise.all([ann.close(), bob.close()]);
  });

  test('whatever is said is shown as text, and breaks no layout', async () => {
    const page = await browser.page();
    await enter(page, server.webPort, 'ann', 'hostile');
    using eve = await RawClient.register(server.port, 'eve');
    const escaped = (text: string): string => text.replace(/[<>,\\]/g, '\\$&');
    const controls = Array.from({ length: 31 }, (_, i) => String.fromCharCode(i + 1)).join('');
    eve.send('<JOINROOM,hostile>');
    for (const text of [
      '<img src=x onerror="document.title=`broken`"><script>document.title="broken"</script>',
      '\u202e\u2066turned round\u2069 and hidden\u200b',
      `before${controls}behind`,
      'w'.repeat(4096),
      `z${'\u0351\u0327'.repeat(300)}algo`,
      'javascript:alert(1) https://ok.example/"onmouseover="x',
      'the end',
    ]) {
      eve.send(`<CSEND,${escaped(text)}>`);
    }
    await sees(page, 'the end');
    expect(await page.locator('.text img, .text script').count()).toBe(0);
    expect(await page.evaluate(`[...document.querySelectorAll('.text a')].map(({ href }) => href)`)).toEqual([
      'https://ok.example/',
    ]);
    const all = await texts(page);
    expect(all[0]).toStartWith('<img src=x onerror=');
    expect(all[1]).toBe('turned round and hidden');
    expect(all[3]).toHaveLength(4096);
    expect(all.join()).not.toMatch(/[\u202a-\u202e\u2066-\u2069\u200b]/);
    for (const size of [{ width: 1280, height: 800 }, PHONE.viewport]) {
      await page.setViewportSize(size);
      const wide = await page.evaluate('document.documentElement.scrollWidth - innerWidth');
      expect(wide).toBeLessThanOrEqual(0);
      const [log, least] = (await page.evaluate(
        `[document.querySelector('.log'), ...document.querySelectorAll('.text')].map((at) => at.scrollWidth - at.clientWidth)`,
      )) as number[];
      expect([log, least]).toEqual([0, 0]);
      const tall = await page.evaluate(
        `[...document.querySelectorAll('.message')].find((at) => at.innerText.includes('algo')).offsetHeight`,
      );
      expect(tall).toBeLessThan(80);
    }
    expect(await page.title()).not.toContain('broken');
    await page.close();
  });

  test('axe finds nothing in it, by day and by night', async () => {
    const page = await browser.page({ colorScheme: 'light', reducedMotion: 'reduce', bypassCSP: true });
    const nick = 'axe';
    await page.goto(`http://127.0.0.1:${server.webPort}/`);
    await page.waitForSelector('[name=nick]');
    expect(await complaints(page)).toEqual([]);
    await page.click('button[type=submit]');
    await page.locator('.problem').waitFor();
    expect(await complaints(page)).toEqual([]);
    await enter(page, server.webPort, nick, 'axe');
    expect(await complaints(page)).toEqual([]);
    using bob = await RawClient.register(server.port, 'bob');
    bob.send(`<JOINROOM,axe><CSEND,${nick}: hello https://a.example><CREATEROOM,other>`);
    await sees(page, 'hello');
    await say(page, 'hello bob', '/wrong');
    await sees(page, 'hello bob');
    expect(await complaints(page)).toEqual([]);
    await page.keyboard.press('Control+k');
    await page.locator('dialog input:focus').waitFor();
    expect(await complaints(page)).toEqual([]);
    await page.keyboard.type('other');
    await page.keyboard.press('Enter');
    await page.locator('.head h1', { hasText: 'other' }).waitFor();
    await page.keyboard.press('Control+/');
    await page.locator('dialog').waitFor();
    expect(await complaints(page)).toEqual([]);
    await page.setViewportSize(PHONE.viewport);
    await page.keyboard.press('Escape');
    await page.click('.narrow-only');
    await page.locator('.with-rooms').waitFor();
    expect(await complaints(page)).toEqual([]);
    await page.close();
  });

  test('several rooms by the keys alone: unread marks, mentions, drafts that stay, also over a reload', async () => {
    const page = await browser.page();
    await enter(page, server.webPort, 'kim', 'one');
    await page.keyboard.press('Control+k');
    await page.locator('dialog input:focus').waitFor();
    await page.keyboard.type('two');
    await page.keyboard.press('Enter');
    await page.locator('.head h1', { hasText: 'two' }).waitFor();
    await page.waitForSelector(`${WRITE}:focus`);
    await page.keyboard.type('not sent yet');
    using lou = await RawClient.register(server.port, 'lou');
    lou.send('<JOINROOM,one><CSEND,first><CSEND,kim: second>');
    await page.locator('.rooms .count', { hasText: '@ 2' }).waitFor();
    expect(await page.title()).toBe('@ (2) two · Chorus');
    await page.keyboard.press('Alt+Shift+ArrowDown');
    await page.locator('.head h1', { hasText: 'one' }).waitFor();
    await sees(page, 'kim: second');
    expect(await page.locator('.rooms .count').count()).toBe(0);
    expect(await page.locator('.rooms .draft').textContent()).toBe('draft');
    await page.keyboard.type('lo');
    await page.keyboard.press('Tab');
    expect(await page.inputValue(WRITE)).toBe('lou: ');
    await page.keyboard.type('hi');
    await page.keyboard.press('Enter');
    expect(await lou.until('<CMSG,one')).toContain('first');
    await page.reload();
    await page.locator('.rooms .row', { hasText: 'two' }).click();
    await page.waitForSelector(WRITE);
    expect(await page.inputValue(WRITE)).toBe('not sent yet');
    await page.locator('.rooms .row', { hasText: 'one' }).click();
    await sees(page, 'lou: hi');
    expect(await texts(page)).toEqual(['first', 'kim: second', 'lou: hi']);
    await page.close();
  });

  test('what can be done about it stands beside what went wrong', async () => {
    const page = await browser.page();
    await page.goto(`http://127.0.0.1:${server.webPort}/#lobby`);
    await page.fill('[name=nick]', 'no name');
    await page.click('button[type=submit]');
    expect(await page.locator('.problem').textContent()).toContain('A name begins with a letter');
    using taken = await RawClient.register(server.port, 'taken');
    await page.fill('[name=nick]', 'taken');
    await page.click('button[type=submit]');
    await page.locator('.problem', { hasText: 'in use' }).waitFor();
    taken.send('<QUIT>');
    await taken.ended();
    await page.click('button[type=submit]');
    await page.waitForSelector(WRITE);
    await say(page, '/dance');
    expect(await page.locator('.composer .problem').textContent()).toContain('There is no command /dance');
    expect(await page.inputValue(WRITE)).toBe('/dance');
    await page.close();
  });

  test('something is to be seen after one round trip, and its scripts are small', async () => {
    const page = await browser.page();
    await page.route('**/*.js', (route) => route.fulfill({ body: '', contentType: 'text/javascript' }));
    await page.goto(`http://127.0.0.1:${server.webPort}/`);
    expect(await page.locator('h1').textContent()).toContain('Chorus');
    expect(await page.evaluate(`getComputedStyle(document.querySelector('.card')).borderRadius`)).toBe('16px');
    await page.close();
    const html = await (await fetch(`http://127.0.0.1:${server.webPort}/`)).text();
    let size = 0;
    for (const [, path] of html.matchAll(/src="([^"]+)"/g)) {
      const answer = await fetch(`http://127.0.0.1:${server.webPort}${path}`, {
        headers: { 'accept-encoding': 'gzip' },
        decompress: false,
      } as RequestInit);
      size += (await answer.arrayBuffer()).byteLength;
    }
    expect(size).toBeGreaterThan(1000);
    expect(size).toBeLessThan(60_000);
  });
});

// The operators' page in a real browser, against a real network: what is killed, cut and comes back is seen within
// seconds, and what an operator does from there is done.

import { afterAll, afterEach, beforeAll, describe, expect, setDefaultTimeout, test } from 'bun:test';
import { rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Page } from 'playwright-core';
import { chromiumPath, TestBrowser } from '../support/browser.ts';
import { complaints } from '../support/chat-page.ts';
import { fixedAddresses, TestNetwork } from '../support/network.ts';
import { RawClient } from '../support/raw-client.ts';
import { ServerProcess } from '../support/server.ts';

// Servers and a browser, on a machine that may be busy.
setDefaultTimeout(120_000);

const TOKEN = 'a-token-for-tests-of-the-page';
const FILE = join(tmpdir(), `chorus-token-${crypto.randomUUID()}`);
const API = ['--http', '127.0.0.1:0', '--api-token-file', FILE] as const;

async function enter(page: Page, server: ServerProcess): Promise<void> {
  await page.goto(`http://${server.ready.http}/admin`);
  await page.fill('[name=token]', TOKEN);
  await page.click('button[type=submit]');
  await page.locator('.admin').waitFor();
}

/** How long it takes until the map shows that, in seconds. */
async function seen(page: Page, selector: string): Promise<number> {
  const started = performance.now();
  await page.locator(selector).first().waitFor({ state: 'attached' });
  return (performance.now() - started) / 1000;
}

async function confirm(page: Page, words?: string): Promise<void> {
  await page.locator('dialog').waitFor();
  if (words !== undefined) await page.fill('dialog input', words);
  await page.click('dialog button[type=submit]');
  await page.locator('dialog').waitFor({ state: 'detached' });
}

describe.skipIf(chromiumPath === undefined)("the operators' page (needs Chromium)", () => {
  let browser: TestBrowser;
  beforeAll(async () => {
    writeFileSync(FILE, `${TOKEN}\n`, { mode: 0o600 });
    browser = await TestBrowser.start();
  });
  afterAll(async () => {
    await browser[Symbol.asyncDispose]();
    rmSync(FILE, { force: true });
  });
  afterEach(() => expect(browser.faults.filter((fault) => !/401|403/.test(fault))).toEqual([]));

  test('three servers: one killed turns lost, one back turns live, a link that is closed turns broken', async () => {
    await using net = new TestNetwork();
    const places = fixedAddresses();
    const [alpha, beta] = await Promise.all([
      net.start('alpha', ...API),
      net.start('beta', '--id', '2', ...places),
      net.start('gamma'),
    ]);
    const page = await browser.page();
    await enter(page, alpha);
    for (const name of ['alpha', 'beta', 'gamma']) await seen(page, `.server.live[data-server=${name}]`);
    await page.waitForFunction(`document.querySelectorAll('line.link.live').length === 3`);
    await seen(page, '.link-label.live:has-text("kB/s"), .link-label.live:has-text("B/s")');
    await beta.stop('SIGKILL');
    const lost = await seen(page, '.server.lost[data-server=beta]');
    await net.start('beta', '--id', '2', ...places);
    const live = await seen(page, '.server.live[data-server=beta]');
    await page.waitForFunction(`document.querySelectorAll('line.link.live').length === 3`);
    await page.click('[data-server=beta]');
    await page.locator('.details li', { hasText: 'gamma' }).locator('button').click();
    await confirm(page, 'tried');
    const broken = await seen(page, '.link-label.broken[data-link="beta gamma"]');
    expect(await page.locator('.verdict').textContent()).toContain('1 link broken');
    console.error(
      `lost after ${lost.toFixed(1)} s, live after ${live.toFixed(1)} s, broken after ${broken.toFixed(1)} s`,
    );
    await page.locator('.events-panel', { hasText: 'link.up' }).waitFor();
    await page.close();
  });

  test('rooms and clients as they are, found by their names; kill, broadcast and drain, each confirmed', async () => {
    await using server = await ServerProcess.start('--name', 'solo', '--flood', 'off', ...API);
    using ann = await RawClient.register(server.port, 'ann');
    using bob = await RawClient.register(server.port, 'bob');
    ann.send('<CREATEROOM,tea><JOINROOM,tea><CREATEROOM,coffee><CSEND,hello>');
    await ann.until('<CMSG,tea,');
    bob.send('<JOINROOM,tea>');
    const page = await browser.page();
    await enter(page, server);
    const row = (panel: string, text: string) => page.locator(`.${panel} tbody tr`, { hasText: text });
    // Bob may be there a look later.
    await row('rooms-panel', 'tea').locator('td:nth-child(3)', { hasText: '2' }).waitFor();
    expect((await row('rooms-panel', 'tea').locator('td').allTextContents()).slice(0, 4)).toEqual([
      'tea',
      'solo',
      '2',
      '2',
    ]);
    await page.fill('[aria-label="Search rooms"]', 'cof');
    await row('rooms-panel', 'tea').waitFor({ state: 'detached' });
    expect(await page.locator('.rooms-panel tbody tr').count()).toBe(1);
    await page.fill('[aria-label="Search clients"]', 'bob');
    await row('clients-panel', 'ann').waitFor({ state: 'detached' });
    await page.click('[aria-label="Kill bob"]');
    await page.click('dialog button:has-text("Cancel")');
    await page.locator('dialog').waitFor({ state: 'detached' });
    await page.click('[aria-label="Kill bob"]');
    await confirm(page, 'enough');
    expect(await bob.until('<KILL,')).toBe('<KILL,bob,enough>');
    await page.locator('.clients-panel .empty').waitFor();
    await page.click('button:has-text("Broadcast")');
    await confirm(page, 'tea is ready');
    expect(await ann.until('<BMSG')).toContain('tea is ready');
    await page.click('[data-server=solo]');
    await page.click('.details button:has-text("Drain")');
    await confirm(page);
    await ann.until('<ERROR,');
    await server.process.exited;
    await seen(page, '.server.lost[data-server=solo]');
    expect(await page.locator('.verdict').textContent()).toContain('asking again');
    await page.close();
  });

  test('axe finds nothing in it, by day and by night, and a wrong token is told as one', async () => {
    await using server = await ServerProcess.start('--name', 'solo', ...API);
    using ann = await RawClient.register(server.port, 'ann');
    ann.send('<CREATEROOM,tea><JOINROOM,tea>');
    const page = await browser.page({ colorScheme: 'light', reducedMotion: 'reduce', bypassCSP: true });
    await page.goto(`http://${server.ready.http}/admin`);
    await page.fill('[name=token]', 'no token at all');
    await page.click('button[type=submit]');
    await page.locator('.problem', { hasText: 'does not know this token' }).waitFor();
    expect(await complaints(page)).toEqual([]);
    await enter(page, server);
    await page.locator('.rooms-panel tbody tr').waitFor();
    await page.click('[data-server=solo]');
    expect(await complaints(page)).toEqual([]);
    await page.click('button:has-text("Broadcast")');
    await page.locator('dialog').waitFor();
    expect(await complaints(page)).toEqual([]);
    await page.keyboard.press('Escape');
    await page.setViewportSize({ width: 390, height: 844 });
    expect(await page.evaluate('document.documentElement.scrollWidth - innerWidth')).toBeLessThanOrEqual(0);
    expect(await complaints(page)).toEqual([]);
    await page.click('button:has-text("Leave")');
    await page.locator('[name=token]').waitFor();
    await page.close();
  });

  test('shows nothing without the token, and its scripts are small', async () => {
    await using server = await ServerProcess.start(...API);
    const at = `http://${server.ready.http}`;
    const answer = await fetch(`${at}/admin`);
    expect(answer.headers.get('content-security-policy')).toContain("script-src 'self'");
    expect(answer.headers.get('content-security-policy')).toContain("connect-src 'self';");
    const html = await answer.text();
    let size = 0;
    for (const [, path] of html.matchAll(/src="([^"]+)"/g)) {
      const script = await fetch(`${at}${path}`, {
        headers: { 'accept-encoding': 'gzip' },
        decompress: false,
      } as RequestInit);
      expect(script.headers.get('cache-control')).toContain('immutable');
      size += (await script.arrayBuffer()).byteLength;
    }
    expect(size).toBeWithin(1000, 60_000);
    expect((await fetch(`${at}/admin/nothing.js`)).status).toBe(404);
    expect((await fetch(`${at}/api/servers`)).status).toBe(401);
  });
});

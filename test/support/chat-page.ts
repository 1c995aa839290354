// The page of the web chat in a browser, as tests use it: going in, saying something, and what is to be seen.

import { resolve } from 'node:path';
import type { Page } from 'playwright-core';

const AXE = resolve(import.meta.dir, '../../node_modules/axe-core/axe.min.js');

export const PHONE = { viewport: { width: 390, height: 844 } };
/** Where a message is written, when one can be. */
export const WRITE = '.composer textarea:not([disabled])';

/** Goes to a server's page, and into a room. */
export async function enter(page: Page, port: number, nick: string, room = 'lobby'): Promise<void> {
  await page.goto(`http://127.0.0.1:${port}/#${room}`);
  await page.fill('[name=nick]', nick);
  await page.fill('[name=room]', room);
  await page.click('button[type=submit]');
  await page.waitForSelector(WRITE);
}

export async function say(page: Page, ...texts: readonly string[]): Promise<void> {
  for (const text of texts) {
    await page.fill(WRITE, text);
    await page.press(WRITE, 'Enter');
  }
}

/** Goes into a room by the keys. */
export async function goInto(page: Page, room: string): Promise<void> {
  await page.keyboard.press('Control+k');
  await page.fill('dialog input', room);
  await page.keyboard.press('Enter');
  await inRoom(page, room);
}

/** Resolves when that room is looked at, and one can write there. */
export async function inRoom(page: Page, room: string): Promise<void> {
  await page.locator('.head h1', { hasText: new RegExp(`^${room}$`) }).waitFor();
  await page.waitForSelector(WRITE);
}

/** What stands in the room, without what was not accepted yet. */
export function texts(page: Page): Promise<string[]> {
  return page.locator('.message:not(.unsettled) .text').allTextContents();
}

export function sees(page: Page, text: string): Promise<void> {
  return page.locator('.message:not(.unsettled) .text', { hasText: text }).first().waitFor({ state: 'attached' });
}

/** What axe finds wrong with the page as it is. */
export async function complaints(page: Page): Promise<string[]> {
  await page.addScriptTag({ path: AXE }).catch(() => undefined);
  const light = await violations(page, '');
  // In the dark nothing is another but the colours.
  await page.emulateMedia({ colorScheme: 'dark' });
  const dark = await violations(page, `runOnly: ['color-contrast'],`);
  await page.emulateMedia({ colorScheme: 'light' });
  return [...light, ...dark];
}

function violations(page: Page, rules: string): Promise<string[]> {
  return page.evaluate(
    `axe.run({ ${rules} resultTypes: ['violations'] }).then(({ violations }) => violations.map(({ id, nodes }) =>
      id + ': ' + nodes.map(({ target, failureSummary }) => target.join(' ') + ' ' + failureSummary).join('; ')))`,
  );
}

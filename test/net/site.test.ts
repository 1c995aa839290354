// What a browser is answered that asks for a page or a part of one.

import { describe, expect, test } from 'bun:test';
import { gunzipSync } from 'node:zlib';
import { replyFrom, Site, type SiteAnswer } from '../../src/net/site.ts';

const TEXT = 'export const words = "many ".repeat(3);\n'.repeat(40);
const SITE = new Site([
  { path: '/', type: 'text/html; charset=utf-8', text: '<!doctype html>', policy: "default-src 'none'" },
  { path: '/chat-1a2b.js', type: 'text/javascript; charset=utf-8', text: TEXT },
]);

function ask(path: string, headers: Readonly<Record<string, string>> = {}, method = 'GET'): SiteAnswer | undefined {
  return SITE.answer({ method, path, header: (name) => headers[name] ?? '' });
}

describe('a site', () => {
  test('gives a page that is asked for each time, and parts of it that are kept for good', () => {
    const page = ask('/');
    expect(page?.status).toBe(200);
    expect(page?.headers['cache-control']).toBe('no-cache');
    expect(page?.headers['content-security-policy']).toBe("default-src 'none'");
    expect(ask('/chat-1a2b.js')?.headers['cache-control']).toBe('public, max-age=31536000, immutable');
    for (const path of ['/', '/chat-1a2b.js']) {
      expect(ask(path)?.headers).toMatchObject({ 'x-content-type-options': 'nosniff', 'x-frame-options': 'DENY' });
    }
  });

  test.each(['gzip', 'br, gzip', 'deflate;q=0.5,gzip;q=1.0', 'GZIP'])('is compressed for who takes %s', (accept) => {
    const answer = ask('/chat-1a2b.js', { 'accept-encoding': accept }) as SiteAnswer;
    expect(answer.headers['content-encoding']).toBe('gzip');
    expect(answer.body.length).toBeLessThan(TEXT.length / 4);
    expect(gunzipSync(answer.body).toString()).toBe(TEXT);
  });

  test.each(['', 'br', 'gzip;q=0', 'gzip; q=0.0, br', 'xgzip'])('is as it is for who takes %j', (accept) => {
    const answer = ask('/chat-1a2b.js', { 'accept-encoding': accept }) as SiteAnswer;
    expect(answer.headers['content-encoding']).toBeUndefined();
    expect(Buffer.from(answer.body).toString()).toBe(TEXT);
  });

  test('says that a page is the same to who has it', () => {
    const tag = ask('/')?.headers.etag as string;
    for (const known of [tag, `W/${tag}`, `"other", ${tag}`]) {
      expect(ask('/', { 'if-none-match': known })).toMatchObject({ status: 304, body: new Uint8Array(0) });
    }
    expect(ask('/', { 'if-none-match': '"other"' })?.status).toBe(200);
    expect(ask('/chat-1a2b.js')?.headers.etag).not.toBe(tag);
  });

  test('has nothing elsewhere, and takes nothing', () => {
    for (const path of ['/x', '//', '/chat-1a2b.js/', '/../', '/CHAT-1a2b.js']) expect(ask(path)).toBeUndefined();
    expect(ask('/', {}, 'POST')).toMatchObject({ status: 405, headers: { allow: 'GET, HEAD' } });
  });
});

describe('a whole answer', () => {
  const request = (method: string, path: string) => ({ method, path, header: () => '' });
  const text = async (site: (() => Promise<Site>) | undefined, method = 'GET', path = '/'): Promise<string> =>
    Buffer.from((await replyFrom(site, request(method, path))).bytes).toString();

  test('to HEAD is that to GET without its body', async () => {
    const site = () => Promise.resolve(SITE);
    const [head, whole] = [await text(site, 'HEAD'), await text(site)];
    expect(whole).toBe(`${head}<!doctype html>`);
    expect(head).toContain('\r\ncontent-length: 15\r\n');
  });

  test('is 404 where there is none, and 503 where it cannot be made', async () => {
    expect(await text(() => Promise.resolve(SITE), 'GET', '/nothing')).toStartWith('HTTP/1.1 404 Not Found\r\n');
    expect(await text(undefined)).toStartWith('HTTP/1.1 404 ');
    expect(await text(() => Promise.reject(new Error('its source is wrong')))).toStartWith('HTTP/1.1 503 ');
  });
});

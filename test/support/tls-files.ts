// Certificates and keys in files of a folder of their own, and the flags with which a server is given them.

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Authority, type Says } from './certificates.ts';

export class TlsFiles implements Disposable {
  readonly authority = new Authority('Test authority');
  readonly folder = mkdtempSync(join(tmpdir(), 'chorus-tls-'));
  /** The authority's certificate. */
  readonly ca: string;

  constructor() {
    this.ca = this.write('ca.crt', this.authority.cert);
  }

  /** Writes a file that is its owner's alone; its path. */
  write(name: string, text: string): string {
    const path = join(this.folder, name);
    writeFileSync(path, text, { mode: 0o600 });
    return path;
  }

  /** Issues a certificate and writes it and its key to `file`.crt and `file`.key. */
  issue(file: string, subject: string, says: Says = {}, by = this.authority): { cert: string; key: string } {
    const { cert, key } = by.issue(subject, says);
    return { cert: this.write(`${file}.crt`, cert), key: this.write(`${file}.key`, key) };
  }

  /** Flags of a server with a tls:// listener, whose certificate says `subject`; to be renewed by issue('server', …). */
  server(subject = 'first', says: Says = {}): string[] {
    const { cert, key } = this.issue('server', subject, says);
    return ['--clients', 'tls://127.0.0.1:0', '--tls-cert', cert, '--tls-key', key];
  }

  /** Flags of the server `name` that links with TLS; its certificate is for that name and for loopback. */
  link(name: string, how: 'on' | 'mutual', says: Says = {}, by = this.authority): string[] {
    const { cert, key } = this.issue(`link-${name}`, name, { names: [name, '127.0.0.1'], ...says }, by);
    return ['--link-tls', how, '--link-cert', cert, '--link-key', key, '--link-ca', this.ca];
  }

  [Symbol.dispose](): void {
    rmSync(this.folder, { recursive: true });
  }
}

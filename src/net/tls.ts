// TLS at the edge: what a side shows of itself, whom it asks for a certificate, and whether a peer may be heard. It is
// told anew while connections come and go: each is given what is current when it is accepted or dialled, and keeps that.
//
// What it keeps true: nobody is heard whose handshake did not succeed, and where certificates are asked for nobody whose
// own was not found good (`authorized`; the runtime calls a handshake with a rogue one a success) and, if fingerprints
// are pinned, is not one of those.

import type { X509Certificate } from 'node:crypto';
import { createSecureContext } from 'node:tls';
import type { TLSOptions } from 'bun';
import { tlsTrouble } from '../base/tls-trouble.ts';
import type { Certifies } from '../mesh/identity.ts';

declare module 'bun' {
  interface Socket {
    /** Gives a connection that was accepted another certificate, before its handshake. Missing in the types. */
    setKeyCert(context: object): void;
  }
}

/** What is needed of a connection. */
interface TlsSocket {
  readonly authorized: boolean;
  getAuthorizationError(): Error | null;
  getPeerX509Certificate(): X509Certificate | undefined;
  setKeyCert(context: object): void;
}

/** A chain of certificates, ours first, and the key of ours; both in PEM. */
export interface KeyPair {
  readonly cert: string;
  readonly key: string;
}

/** What is asked of peers. Left out: nothing, as of clients. */
export interface Demands {
  /** The authorities that are believed, in PEM. */
  readonly ca: string;
  /** SHA-256 of certificates, 64 digits in lower case: others are not taken. Empty: any that is good. */
  readonly pins: readonly string[];
  /** Whether who connects to us has to show one as well. */
  readonly mutual: boolean;
}

/** Why the runtime cannot use these; undefined when it can. */
export function unusable(pair: Partial<KeyPair>, ca?: string): string | undefined {
  try {
    createSecureContext({ ...pair, ...(ca === undefined ? {} : { ca }) });
    return undefined;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

export class Credentials {
  /** Handshakes since the start. */
  readonly counts = { done: 0, failed: 0 };
  #pair: KeyPair;
  #demands: Demands | undefined;
  #context: object;

  /** Throws when the runtime cannot use them; whoever reads certificates asks unusable() before. */
  constructor(pair: KeyPair, demands?: Demands) {
    this.#pair = pair;
    this.#demands = demands;
    this.#context = this.#contextOf();
  }

  /** Shows and asks for these from now on. Whether certificates are asked for at all stays as it was. */
  renew(pair: KeyPair, demands?: Demands): void {
    this.#pair = pair;
    this.#demands = demands;
    this.#context = this.#contextOf();
  }

  /** For a listener. */
  get listening(): TLSOptions {
    const mutual = this.#demands?.mutual === true;
    return { ...this.#own(), requestCert: mutual, rejectUnauthorized: mutual };
  }

  /** For a connection of ours to another server. */
  get dialling(): TLSOptions {
    return { ...this.#own(), rejectUnauthorized: true };
  }

  /** A connection was accepted: it is shown what is current. */
  show(socket: TlsSocket): void {
    socket.setKeyCert(this.#context);
  }

  /** The handshake is over: why the peer may not be heard; undefined when it may. */
  objection(socket: TlsSocket, success: boolean, error: Error | null, dialled: boolean): string | undefined {
    const objection = this.#objection(socket, success, error, dialled);
    if (objection === undefined) this.counts.done++;
    else this.counts.failed++;
    return objection;
  }

  /** What the certificate of a peer says of its name; undefined where none is asked for. */
  certifies(socket: TlsSocket, dialled: boolean): Certifies | undefined {
    if (!this.#asks(dialled)) return undefined;
    return (server) => certificateOf(socket)?.checkHost(server, { subject: 'never', wildcards: false }) !== undefined;
  }

  #objection(socket: TlsSocket, success: boolean, error: Error | null, dialled: boolean): string | undefined {
    if (!success) return tlsTrouble(error);
    if (!this.#asks(dialled)) return undefined;
    if (!socket.authorized) return tlsTrouble(error ?? socket.getAuthorizationError());
    const pins = this.#demands?.pins ?? [];
    if (pins.length === 0 || pins.includes(plainFingerprint(certificateOf(socket)?.fingerprint256 ?? '')))
      return undefined;
    return 'its certificate is none of the pinned ones';
  }

  #asks(dialled: boolean): boolean {
    return this.#demands !== undefined && (dialled || this.#demands.mutual);
  }

  #own(): TLSOptions {
    const { cert, key } = this.#pair;
    return this.#demands === undefined ? { cert, key } : { cert, key, ca: this.#demands.ca };
  }

  #contextOf(): object {
    return createSecureContext(this.#own() as { cert: string; key: string; ca?: string }).context as object;
  }
}

/** A fingerprint without its colons, in lower case. */
export function plainFingerprint(text: string): string {
  return text.replaceAll(':', '').toLowerCase();
}

function certificateOf(socket: TlsSocket): X509Certificate | undefined {
  return socket.getPeerX509Certificate();
}

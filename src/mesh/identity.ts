// Identities: how a server is told from another, and which two introductions speak of the same one. A server is its
// name, its id and its address together; what shares only a part of these is a clash. Incarnations order the lives of
// one server. Everything here is a pure function of its arguments; what a peer sent comes back as a value or undefined.

import { type ServerId, serverId } from '../base/ids.ts';

/** What is known of a server before anybody is linked to it: who it is and where it takes links. */
export interface Contact {
  /** As it is written; compared by foldName. */
  readonly name: string;
  readonly id: ServerId;
  readonly ip: string;
  /** Of its listener for links. */
  readonly port: number;
  /** When this life of the server began, in Unix ms; a later life has a higher one. */
  readonly incarnation: number;
}

/** A server as it introduces itself on a link. */
export interface Identity extends Contact {
  /** One line for people. */
  readonly info: string;
  /** Public addresses for clients, `host:port` each, with `tls://` before it where they speak TLS. */
  readonly clients: readonly string[];
}

/** Whether what a peer has shown (a certificate) is for the server of that name. */
export type Certifies = (name: string) => boolean;

/** Where something listens: `host` without brackets. */
export interface Endpoint {
  readonly host: string;
  readonly port: number;
}

const MOST_ID = 4_294_967_295;
/** A uid's counter begins at a thousand times the incarnation and has to stay an exact number. */
const MOST_INCARNATION = 8e12;
const MOST_CLIENTS = 16;
const NAME = /^[A-Za-z0-9][A-Za-z0-9_.-]{0,62}$/;
const IP = /^[0-9A-Fa-f:.]{2,45}$/;
const INFO = /^[^\p{Cc}\p{Cf}\p{Zl}\p{Zp}]{0,128}$/u;
const CLIENT = /^[\x21-\x7e]{3,260}$/;
const NUMBER = /^(0|[1-9][0-9]{0,14})$/;

/** What two spellings of one server's name have in common. Names are ASCII. */
export function foldName(name: string): string {
  return name.toLowerCase();
}

/** Whether both are lives of one server. */
export function sameServer(a: Contact, b: Contact): boolean {
  return a.id === b.id && a.ip === b.ip && foldName(a.name) === foldName(b.name);
}

/** Whether both are one server in one life, at one place. */
export function sameLife(a: Contact, b: Contact): boolean {
  return sameServer(a, b) && a.incarnation === b.incarnation && a.port === b.port;
}

/** Whether they cannot both be in one network: two servers, one name or one id. */
export function clashes(a: Contact, b: Contact): boolean {
  return !sameServer(a, b) && (a.id === b.id || foldName(a.name) === foldName(b.name));
}

/** Whether `a` dials `b`, and not the other way round: the lower id does. Addresses decide where the ids clash. */
export function dialsFirst(a: Contact, b: Contact): boolean {
  if (a.id !== b.id) return a.id < b.id;
  const [left, right] = [`${a.ip} ${a.port} ${foldName(a.name)}`, `${b.ip} ${b.port} ${foldName(b.name)}`];
  return left < right;
}

/** Whether `name` may be a server's, or a network's. */
export function isServerName(name: string): boolean {
  return NAME.test(name);
}

/** A decimal as it is written in one way only; -1 for anything else. */
export function readNumber(text: string): number {
  return NUMBER.test(text) ? Number(text) : -1;
}

/** A contact from the arguments of a frame; otherwise the name of the first argument that is wrong. */
export function readContact(name: string, ip: string, port: string, id: string, incarnation: string): Contact | string {
  const contact = {
    name,
    id: serverId(readNumber(id)),
    ip,
    port: readNumber(port),
    incarnation: readNumber(incarnation),
  };
  if (!NAME.test(name)) return 'name';
  if (!IP.test(ip)) return 'ip';
  if (contact.port < 1 || contact.port > 65_535) return 'port';
  if (readNumber(id) < 1 || readNumber(id) > MOST_ID) return 'id';
  if (contact.incarnation < 1 || contact.incarnation > MOST_INCARNATION) return 'incarnation';
  return contact;
}

/** An identity from a contact and the rest of an introduction; otherwise the name of what is wrong. */
export function readIdentity(contact: Contact, info: string, clients: string): Identity | string {
  const addresses = clients === '' ? [] : clients.split(' ');
  if (!INFO.test(info)) return 'info';
  if (addresses.length > MOST_CLIENTS || !addresses.every((address) => CLIENT.test(address))) return 'clients';
  return { ...contact, info, clients: addresses };
}

// Kinds of option values: how each is read from a flag, the environment or a file, how it is written, and the words that
// say what was expected. A kind knows no option's name, and never guesses: what it cannot read whole, it refuses.

import type { ListenAddress } from '../../net/edge.ts';
import { formatAddress, parseAddress, parseClientAddress } from '../address.ts';

/** A type that TOML tells apart. */
export type TomlType = 'string' | 'integer' | 'boolean';

/** One kind of value. `read` answers undefined for text that is none; `write` gives text that `read` takes. */
export interface Kind<T> {
  /** Stands for the value in `--help`, as in `--clients HOST:PORT`. */
  readonly placeholder: string;
  /** Follows the word "expected". */
  readonly expected: string;
  /** What a bare number counts, and its bounds, for the table of options; both may be empty. */
  readonly unit: string;
  readonly range: string;
  /** What may stand for it in a TOML file. A boolean is read as `on` or `off`. */
  readonly toml: readonly TomlType[];
  read(text: string): T | undefined;
  write(value: T): string;
}

/** A token bucket: so many a second, and so many at once. */
export interface Rate {
  readonly perSecond: number;
  readonly burst: number;
}

export const KIB = 1024;
export const MIB = 1024 * KIB;
export const GIB = 1024 * MIB;
export const SECOND = 1000;
export const MINUTE = 60 * SECOND;
export const HOUR = 60 * MINUTE;

// Largest first, so that the first that divides a value writes it shortest.
const SIZES: readonly (readonly [string, number])[] = [
  ['GiB', GIB],
  ['MiB', MIB],
  ['KiB', KIB],
];
const SPANS: readonly (readonly [string, number])[] = [
  ['h', HOUR],
  ['m', MINUTE],
  ['s', SECOND],
];

function readWhole(text: string): number | undefined {
  return /^\d{1,15}$/.test(text) ? Number(text) : undefined;
}

function readScaled(text: string, units: typeof SIZES, plain: string): number | undefined {
  const match = /^(\d{1,15}) ?([A-Za-z]*)$/.exec(text);
  if (match === null) return undefined;
  const suffix = match[2]!.toLowerCase();
  if (suffix === '' || suffix === plain) return Number(match[1]);
  const unit = units.find(([name]) => name.toLowerCase() === suffix);
  return unit && Number(match[1]) * unit[1];
}

function writeScaled(value: number, units: typeof SIZES, plain: string): string {
  if (value === 0) return '0';
  const [name, size] = units.find((unit) => value % unit[1] === 0) ?? [plain, 1];
  return `${value / size}${name}`;
}

function within(value: number | undefined, min: number, max: number): number | undefined {
  return value !== undefined && value >= min && value <= max ? value : undefined;
}

/** A whole number in [min, max]. */
export function int(min: number, max: number, placeholder = 'N'): Kind<number> {
  return {
    placeholder,
    expected: `a whole number from ${min} to ${max}`,
    unit: '',
    range: `${min} – ${max}`,
    toml: ['integer'],
    read: (text) => within(readWhole(text), min, max),
    write: String,
  };
}

/** A size in bytes in [min, max]; `64KiB`, `1MiB` and `1GiB` are read too. */
export function bytes(min: number, max: number): Kind<number> {
  const [low, high] = [writeScaled(min, SIZES, ''), writeScaled(max, SIZES, '')];
  return {
    placeholder: 'BYTES',
    expected: `a size from ${low} to ${high} (bytes, or with KiB, MiB or GiB)`,
    unit: 'bytes',
    range: `${low} – ${high}`,
    toml: ['integer', 'string'],
    read: (text) => within(readScaled(text, SIZES, 'b'), min, max),
    write: (value) => writeScaled(value, SIZES, ''),
  };
}

/** A time in milliseconds in [min, max]; `5s`, `10m` and `1h` are read too. */
export function ms(min: number, max: number): Kind<number> {
  const [low, high] = [writeScaled(min, SPANS, 'ms'), writeScaled(max, SPANS, 'ms')];
  return {
    placeholder: 'MS',
    expected: `a time from ${low} to ${high} (milliseconds, or with s, m or h)`,
    unit: 'ms',
    range: `${low} – ${high}`,
    toml: ['integer', 'string'],
    read: (text) => within(readScaled(text, SPANS, 'ms'), min, max),
    write: (value) => writeScaled(value, SPANS, 'ms'),
  };
}

/** One of a few words. */
export function choice<const W extends string>(...words: readonly W[]): Kind<W> {
  return {
    placeholder: words.join('|'),
    expected: `one of ${words.join(', ')}`,
    unit: '',
    range: '',
    toml: ['string'],
    read: (text) => words.find((word) => word === text),
    write: String,
  };
}

/** `off` (false) or `on` (true). */
export const onOff: Kind<boolean> = {
  placeholder: 'off|on',
  expected: 'off or on',
  unit: '',
  range: '',
  toml: ['boolean', 'string'],
  read: (text) => (text === 'on' ? true : text === 'off' ? false : undefined),
  write: (value) => (value ? 'on' : 'off'),
};

/** `off`, or a value of another kind. */
export function orOff<T extends number | object>(kind: Kind<T>): Kind<T | 'off'> {
  return {
    placeholder: `off|${kind.placeholder}`,
    expected: `off, or ${kind.expected}`,
    unit: kind.unit,
    range: kind.range,
    toml: kind.toml.includes('string') ? kind.toml : [...kind.toml, 'string'],
    read: (text) => (text === 'off' ? 'off' : kind.read(text)),
    write: (value) => (value === 'off' ? 'off' : kind.write(value)),
  };
}

/** `RATE:BURST`, each in [1, max]. */
export function rate(max: number): Kind<Rate> {
  return {
    placeholder: 'RATE:BURST',
    expected: `RATE:BURST, two whole numbers from 1 to ${max}, as in 20:200`,
    unit: 'a second : at once',
    range: `1 – ${max}`,
    toml: ['string'],
    read: (text) => {
      const [perSecond, burst, rest] = text.split(':').map((part) => within(readWhole(part), 1, max));
      return perSecond && burst && rest === undefined && text.split(':').length === 2
        ? { perSecond, burst }
        : undefined;
    },
    write: (value) => `${value.perSecond}:${value.burst}`,
  };
}

/** Text that a pattern describes; `expected` says the pattern in words. */
export function text(pattern: RegExp, placeholder: string, expected: string): Kind<string> {
  return {
    placeholder,
    expected,
    unit: '',
    range: '',
    toml: ['string'],
    read: (value) => (pattern.test(value) ? value : undefined),
    write: String,
  };
}

/** The path of a file. Whether it can be read is found out by who reads it. */
export const file: Kind<string> = text(/^[^\0]+$/, 'FILE', 'the path of a file');

/** One address. */
export const address: Kind<ListenAddress> = {
  placeholder: 'HOST:PORT',
  expected: 'HOST:PORT, as in 127.0.0.1:7401 or [::1]:7401',
  unit: '',
  range: '',
  toml: ['string'],
  read: parseAddress,
  write: formatAddress,
};

/** An address for clients, plain or with TLS. */
export const clientAddress: Kind<ListenAddress> = {
  ...address,
  placeholder: '[tls://]HOST:PORT',
  expected: 'HOST:PORT, as in 127.0.0.1:7490 or [::1]:7490, with tls:// before it for TLS',
  read: parseClientAddress,
};

/** Addresses. Lists are made by repeating the option or with commas. */
export const addresses: Kind<readonly ListenAddress[]> = {
  ...listOf(parseAddress, formatAddress),
  placeholder: 'HOST:PORT',
  expected: 'HOST:PORT, as in 127.0.0.1:7400, 0.0.0.0:0 or [::1]:7400',
};

/** Addresses for clients, plain or with TLS. */
export const clientAddresses: Kind<readonly ListenAddress[]> = {
  ...listOf(parseClientAddress, formatAddress),
  placeholder: '[tls://]HOST:PORT',
  expected: 'HOST:PORT, as in 127.0.0.1:7400, 0.0.0.0:0 or [::1]:7400, with tls:// before it for TLS',
};

/** WebSockets as clients are to open them, behind whatever stands before the server. */
export const webAddresses: Kind<readonly string[]> = {
  ...listOf(readWebAddress, String),
  placeholder: 'ws[s]://HOST[:PORT]/ws',
  expected: 'the address of a WebSocket, as in wss://chat.example/ws or ws://10.0.0.8:7490/ws',
};

const SHA256_HEX = /^([0-9a-f]{2}:){31}[0-9a-f]{2}$|^[0-9a-f]{64}$/i;

/** Fingerprints of certificates, with or without colons. */
export const fingerprints: Kind<readonly string[]> = {
  ...listOf((text) => (SHA256_HEX.test(text) ? text.replaceAll(':', '').toLowerCase() : undefined), String),
  placeholder: 'SHA256',
  expected: 'the SHA-256 fingerprint of a certificate, 64 hexadecimal digits, with or without colons',
};

const ORIGIN = /^https?:\/\/[^\s/?#@,\\]+\/?$/i;

/** Origins of pages, as browsers write them: in lower case, and without the usual port. */
export const origins: Kind<readonly string[]> = {
  ...listOf((text) => (ORIGIN.test(text) ? URL.parse(text)?.origin : undefined), String),
  placeholder: 'ORIGIN',
  expected: 'the origin of a page: http:// or https://, a host, and a port that is not the usual one',
};

function readWebAddress(text: string): string | undefined {
  if (!/^wss?:\/\/[^\s/?#@,\\]+\/[!-~]*$/i.test(text) || /[?#,]/.test(text)) return undefined;
  return URL.parse(text)?.href;
}

function listOf<T>(
  read: (text: string) => T | undefined,
  write: (value: T) => string,
): Pick<Kind<readonly T[]>, 'unit' | 'range' | 'toml' | 'read' | 'write'> {
  return {
    unit: '',
    range: '',
    toml: ['string'],
    read: (text) => {
      const list = text.split(',').map((part) => read(part.trim()));
      return list.every((value) => value !== undefined) ? list : undefined;
    },
    write: (values) => values.map(write).join(','),
  };
}

// The C library of this system, for what works on bytes by address: opened once by the runtime's foreign function
// interface. Where there is none that is known there is nothing, and everything goes the runtime's way.

import { dlopen, ptr } from 'bun:ffi';
import { isUtf8 } from 'node:buffer';
import type { Library } from '../base/library.ts';

/** What this system has; undefined where that is nothing. */
export function openLibrary(): Library | undefined {
  opened ??= { library: open() };
  return opened.library;
}

let opened: { readonly library: Library | undefined } | undefined;

function open(): Library | undefined {
  if (process.platform !== 'linux') return undefined;
  try {
    const { symbols } = dlopen('libc.so.6', {
      memmove: { args: ['ptr', 'ptr', 'u32'], returns: 'void' },
      strcspn: { args: ['ptr', 'ptr'], returns: 'u32' },
    });
    const { symbols: loading } = dlopen('libc.so.6', {
      memmove: { args: ['ptr', 'buffer', 'u32'], returns: 'void' },
    });
    return {
      address: (bytes) => ptr(bytes),
      move: symbols.memmove as unknown as Library['move'],
      load: loading.memmove as unknown as Library['load'],
      span: symbols.strcspn as unknown as Library['span'],
      isUtf8,
    };
  } catch {
    return undefined;
  }
}

// Peers for tests of chat: what chat tells them is kept as text, and what they are asked for is what a test sets.

import type { RoomKey, ServerId } from '../../src/base/ids.ts';
import type { Peers, RoomPort } from '../../src/chat/ports.ts';

const utf8 = new TextDecoder();

export class FakePeers implements Peers {
  /** Frames of facts, in order. */
  readonly facts: string[] = [];
  /** Frames for one server, in order. */
  readonly sent: (readonly [ServerId, string])[] = [];
  /** Rooms that were opened, by name. */
  readonly opened: string[] = [];
  readonly unreachable = new Set<ServerId>();
  /** Makes the ports of rooms elsewhere. */
  open: ((key: RoomKey, name: string) => RoomPort) | undefined;

  fact(bytes: Uint8Array, start: number, end: number): void {
    this.facts.push(text(bytes, start, end));
  }

  to(server: ServerId, bytes: Uint8Array, start: number, end: number): boolean {
    if (this.unreachable.has(server)) return false;
    this.sent.push([server, text(bytes, start, end)]);
    return true;
  }

  nameOf(server: ServerId): string {
    return `s${server}.example`;
  }

  openRoom(key: RoomKey, name: string): RoomPort {
    this.opened.push(name);
    if (this.open === undefined) throw new Error('no room is expected');
    return this.open(key, name);
  }

  /** The facts that were told since it was asked last. */
  take(): string[] {
    return this.facts.splice(0);
  }
}

/** One frame without its LF. */
function text(bytes: Uint8Array, start: number, end: number): string {
  const frame = utf8.decode(bytes.subarray(start, end));
  if (!frame.endsWith('>\n') || frame.indexOf('\n') < frame.length - 1) throw new Error(`not one frame: ${frame}`);
  return frame.slice(0, -1);
}

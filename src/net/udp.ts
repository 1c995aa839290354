// The datagrams of discovery: one socket hears the multicast group, another one asks and answers, so that an answer by
// unicast reaches the server that asked although several on one host share the group's port. It decides nothing.
// node:dgram and not Bun.udpSocket: that one ends the process at an ICMP error nobody listens for, and cannot share a
// port without undocumented flags.

import { createSocket, type Socket } from 'node:dgram';
import type { ListenAddress } from './edge.ts';

const RECEIVE_BYTES = 1 << 20;
/** Discovery stays on the network that the interface is on. */
const HOPS = 1;

export interface UdpConfig {
  readonly group: ListenAddress;
  /** The address of the interface to speak and listen on. */
  readonly interface: string;
}

export interface UdpOut {
  datagram(bytes: Uint8Array, ip: string, port: number): void;
  /** What the system says went wrong: a send that failed, a socket that broke. */
  failed(error: Error): void;
}

export class Udp {
  readonly #config: UdpConfig;
  readonly #out: UdpOut;
  readonly #heard: Socket;
  readonly #spoken: Socket;
  #closed = false;

  private constructor(config: UdpConfig, out: UdpOut) {
    this.#config = config;
    this.#out = out;
    this.#heard = this.#socket();
    this.#spoken = this.#socket();
  }

  /** Opens both sockets and joins the group; rejects with what the system says. */
  static async open(config: UdpConfig, out: UdpOut): Promise<Udp> {
    const udp = new Udp(config, out);
    try {
      await udp.#bind();
    } catch (error) {
      udp.close();
      throw error;
    }
    return udp;
  }

  /** Sends to the group, or to one address. */
  send(bytes: Uint8Array, to: ListenAddress | 'group'): void {
    if (this.#closed) return;
    const { host, port } = to === 'group' ? this.#config.group : to;
    this.#send(bytes, port, host, true);
  }

  #send(bytes: Uint8Array, port: number, host: string, again: boolean): void {
    this.#spoken.send(bytes, port, host, (error) => {
      if (error === null || this.#closed) return;
      // That nobody listened at an earlier address is told at the next send, which was not made then.
      const { code } = error as NodeJS.ErrnoException;
      if (again && code === 'ECONNREFUSED') this.#send(bytes, port, host, false);
      else this.#out.failed(error);
    });
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#heard.close();
    this.#spoken.close();
  }

  #socket(): Socket {
    const socket = createSocket({ type: 'udp4', reuseAddr: true, recvBufferSize: RECEIVE_BYTES });
    socket.on('message', (bytes, from) => this.#out.datagram(bytes, from.address, from.port));
    socket.on('error', (error) => {
      if (!this.#closed) this.#out.failed(error);
    });
    return socket;
  }

  async #bind(): Promise<void> {
    const { group } = this.#config;
    await bound(this.#heard, group.port, group.host);
    this.#heard.addMembership(group.host, this.#config.interface);
    await bound(this.#spoken, 0, this.#config.interface);
    this.#spoken.setMulticastInterface(this.#config.interface);
    this.#spoken.setMulticastTTL(HOPS);
    this.#spoken.setMulticastLoopback(true);
  }
}

function bound(socket: Socket, port: number, address: string): Promise<void> {
  return new Promise((resolve, reject) => {
    socket.once('error', reject);
    socket.bind(port, address, () => {
      socket.off('error', reject);
      resolve();
    });
  });
}

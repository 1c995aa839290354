// A life of a server: one node at its edge, with its log, its passwords and its tokens. It starts, is told other limits
// while it lasts, and stops; what it is told comes from the options, and what it does is the node's.

import { assert } from '../base/assert.ts';
import { Budget } from '../base/budget.ts';
import { describeFault } from '../base/fault.ts';
import { isWebSocket } from '../chat/places.ts';
import { Edge, type ListenAddress } from '../net/edge.ts';
import { Credentials, type Demands } from '../net/tls.ts';
import type { WebRules } from '../net/upgrade.ts';
import type { NodeConfig } from '../node/config.ts';
import { Node } from '../node/node.ts';
import type { Ports } from '../node/ports.ts';
import { MemoryLog } from '../order/memory.ts';
import { formatAddress, isLoopback, originOf } from './address.ts';
import { OperatorHttp } from './http/operator-http.ts';
import type { Log } from './log/log.ts';
import type { LogEvents } from './log/log-events.ts';
import { meshConfig } from './mesh-config.ts';
import { MeshEdge } from './mesh-ports.ts';
import { type Identity, nodeConfig, retell } from './node-config.ts';
import { PROTOCOL_VERSION } from './options/limits.ts';
import type { Options } from './options/option-table.ts';
import { derivedId } from './options/options.ts';
import { HostMask, plainAddress } from './secrets/host-mask.ts';
import type { OperatorAccount } from './secrets/operators.ts';
import { PasswordChecks } from './secrets/passwords.ts';
import type { TlsSettings } from './secrets/tls-settings.ts';
import { Tokens, tokenKey } from './secrets/tokens.ts';
import type { Sites } from './sites.ts';

/** So long a connection that was told its end may stay open: a late word of the peer cannot cost it what it reads then. */
const LAST_MOMENT_MS = 1000;
/** Where operators look, unless --http says otherwise. */
export const USUAL_HTTP: ListenAddress = { host: '127.0.0.1', port: 7480 };
/** Where browsers connect, unless --web says otherwise. */
const USUAL_WEB: ListenAddress = { host: '127.0.0.1', port: 7490 };

/** What a server says of itself when it listens: one JSON line on stdout. */
export interface Ready {
  readonly ready: true;
  readonly pid: number;
  readonly name: string;
  readonly id: number;
  readonly incarnation: number;
  readonly protocol: number;
  readonly clients: readonly string[];
  /** Where other servers link, and the group in which they are looked for; absent for a server that is alone. */
  readonly links?: string;
  readonly discovery?: string;
  /** Where operators look; absent when that is off. */
  readonly http?: string;
  /** Where WebSockets connect; absent when that is off. */
  readonly web?: string;
  readonly version: string;
}

/** An address that could not be listened on, in a line for people. */
export class ListenError extends Error {
  override name = 'ListenError';
}

export interface ServerParts {
  readonly options: Options;
  readonly operators: readonly OperatorAccount[];
  /** The network's secret, two while it is being changed; none: the server is alone. */
  readonly secrets: readonly string[];
  /** Tokens of the API; none: it is off. */
  readonly apiTokens: readonly string[];
  /** What PASS has to fit; undefined: everybody is welcome. */
  readonly passwordHash: string | undefined;
  readonly tls: TlsSettings;
  readonly version: string;
  readonly log: LogEvents;
  /** What browsers get. */
  readonly sites: Sites;
  /** An operator asked the server to stop. */
  readonly onStop: (reason: string) => void;
}

/** What a server may be told anew while it runs. */
export type LiveParts = Pick<ServerParts, 'options' | 'operators' | 'secrets' | 'apiTokens' | 'passwordHash' | 'tls'>;

/** What a life is told beside what the server is. */
export interface Fate {
  /** What it counts as where another life was given up for it; else it counts as its start. */
  readonly incarnation?: number;
  /** The network knows a later life: one of that incarnation has to take the place of this one. */
  readonly onOutlived: (incarnation: number) => void;
}

export class Life {
  readonly #ready: Ready;
  /** Where it listens; ports are those that were picked. */
  readonly clients: readonly ListenAddress[];
  readonly links: ListenAddress | undefined;
  /** Where WebSockets connect. */
  readonly web: ListenAddress | undefined;
  readonly #edge: Edge;
  readonly #node: Node;
  readonly #birth: number;
  readonly #identity: Identity;
  readonly #config: NodeConfig;
  readonly #checks: PasswordChecks;
  readonly #tokens: Tokens;
  readonly #mesh: MeshEdge | undefined;
  /** What tls:// listeners show, and links; undefined where there are none. */
  readonly #clientTls: Credentials | undefined;
  readonly #linkTls: Credentials | undefined;
  #options: Options;
  #http: OperatorHttp | undefined;

  /** Starts to listen and to look for others; rejects with ListenError when an address cannot be had. */
  static async start(parts: ServerParts, fate: Fate): Promise<Life> {
    const life = new Life(parts, fate);
    await life.#listenForOperators(parts);
    await life.#join(parts.options);
    return life;
  }

  private constructor(parts: ServerParts, fate: Fate) {
    const { options, log } = parts;
    this.#options = options;
    const mask = new HostMask();
    this.#edge = new Edge(
      (address) => (this.#options.showHosts ? plainAddress(address) : mask.mask(address)),
      (error) => logFault(log, error),
    );
    const birth = this.#edge.now();
    this.#birth = birth;
    const incarnation = fate.incarnation ?? birth;
    // Nothing is accepted before the event loop runs, and by then the node is there.
    const { tls } = parts;
    // Whoever read the settings has seen to it; what is to be encrypted is never left open.
    assert(
      tls.clients !== undefined || !options.clients.some((address) => address.tls),
      'tls:// without a certificate',
    );
    assert(tls.links !== undefined || options.linkTls === 'off', 'TLS on links without a certificate');
    this.#clientTls = tls.clients && new Credentials(tls.clients);
    this.#linkTls = tls.links && options.linkTls !== 'off' ? new Credentials(tls.links, demands(parts)) : undefined;
    const clients = options.clients.map((address) =>
      listen(this.#edge, '--clients', address, address.tls ? this.#clientTls : undefined),
    );
    const web = options.web ?? USUAL_WEB;
    this.web = this.#listenForWeb(parts, this.#rulesOfPages(parts.sites, web !== 'off' && isLoopback(web.host)));
    const id = options.id || derivedId(options.name, clients[0] as ListenAddress);
    this.#identity = { id, version: parts.version, birth, incarnation };
    this.#config = nodeConfig(options, parts.operators, this.#identity, parts.passwordHash);
    this.#checks = new PasswordChecks(options.passwordChecks, options.passwordQueue, (error) => logFault(log, error));
    this.#tokens = new Tokens(parts.secrets.map(tokenKey));
    const links = this.#listenForLinks(parts);
    const reborn = fate.incarnation !== undefined;
    this.#mesh = links && new MeshEdge(this.#edge, parts.secrets, log, fate.onOutlived);
    const mesh = links &&
      this.#mesh && {
        config: meshConfig(options, { id, incarnation, reborn, links, clients, web: this.web }),
        ports: this.#mesh,
      };
    this.#node = new Node(this.#config, this.#ports(parts), mesh);
    this.#edge.attach(this.#node);
    this.clients = clients;
    this.links = links;
    this.#ready = {
      ready: true,
      pid: process.pid,
      name: options.name,
      id,
      incarnation,
      protocol: PROTOCOL_VERSION,
      clients: clients.map(formatAddress),
      ...(links && { links: formatAddress(links), discovery: formatOrOff(options.discovery) }),
      ...(this.web && { web: formatAddress(this.web) }),
      version: parts.version,
    };
    log.info('server.listening', { name: options.name, clients: this.#ready.clients.join(' ') });
  }

  /** What it says of itself when it has started. */
  get ready(): Ready {
    return { ...this.#ready, ...(this.#http && { http: formatAddress(this.#http.address) }) };
  }

  /** Where operators look. */
  get http(): ListenAddress | undefined {
    return this.#http?.address;
  }

  /** Nobody has asked for the usual place: where another server has it, this one does without. */
  async #listenForOperators({ options, version, log, sites, apiTokens: tokens }: ServerParts): Promise<void> {
    const address = options.http ?? USUAL_HTTP;
    if (address === 'off') return;
    const { name, id } = this.#ready;
    const server = { name, id, version, startedAt: this.#birth };
    try {
      const { fdReserve } = options;
      const [clients, links] = [this.#clientTls?.counts, this.#linkTls?.counts];
      const handshakes = { ...(clients && { clients }), ...(links && { servers: links }) };
      const parts = { edge: this.#edge, log, server, tokens, fdReserve, handshakes, site: () => sites.site('admin') };
      this.#http = await OperatorHttp.start(address, parts);
    } catch (error) {
      if (options.http !== undefined) throw refused(this.#edge, `--http ${formatAddress(address)}`, error);
      const taken = (error as NodeJS.ErrnoException).code === 'EADDRINUSE';
      const reason = taken ? 'taken; give --http another port, or off' : describeFault(error);
      log.info('http.off', { address: formatAddress(address), reason });
    }
  }

  /** Where WebSockets connect. As with operators, the usual place is done without where another server has it. */
  #listenForWeb({ options, log }: ServerParts, rules: WebRules): ListenAddress | undefined {
    const address = options.web ?? USUAL_WEB;
    if (address === 'off') return undefined;
    try {
      return this.#edge.listenForWeb(address, rules, address.tls ? this.#clientTls : undefined);
    } catch (error) {
      if (options.web !== undefined) throw refused(this.#edge, `--web ${formatAddress(address)}`, error);
      const taken = (error as NodeJS.ErrnoException).code === 'EADDRINUSE';
      const reason = taken ? 'taken; give --web another port, or off' : describeFault(error);
      log.info('web.off', { address: formatAddress(address), reason });
      return undefined;
    }
  }

  /** Whose pages may connect: those of our own, those of the other servers of the network, and those that are listed. */
  #rulesOfPages(sites: Sites, local: boolean): WebRules {
    const listed = (): readonly string[] => this.#options.webOrigins;
    const places = (): string[] => this.#node.links?.mesh.clientAddresses() ?? [];
    return {
      local,
      site: () => sites.site('chat'),
      get origins() {
        return [...listed(), ...places().filter(isWebSocket).map(originOf)];
      },
    };
  }

  /** Where other servers link; undefined for a server that is alone. */
  #listenForLinks({ options, secrets, log }: ServerParts): ListenAddress | undefined {
    if (options.links === 'off') return undefined;
    if (secrets.length === 0) {
      log.info('server.alone', { reason: 'no secret: give --secret-file or CHORUS_SECRET to link with others' });
      return undefined;
    }
    return listen(this.#edge, '--links', options.links, this.#linkTls);
  }

  async #join(options: Options): Promise<void> {
    const own = this.#node.links?.mesh.links.self.ip;
    if (own === undefined) return;
    try {
      await this.#mesh?.open(options, own);
    } catch (error) {
      throw refused(this.#edge, `--discovery ${formatOrOff(options.discovery)}`, error);
    }
    this.#edge.answer((node, now) => node.links?.mesh.start(now));
  }

  /** Takes other settings, as far as a server that runs can: those that its options call live. */
  reconfigure(parts: LiveParts): void {
    const { options, operators, secrets, apiTokens, passwordHash, tls } = parts;
    this.#options = options;
    if (tls.clients) this.#clientTls?.renew(tls.clients);
    if (tls.links) this.#linkTls?.renew(tls.links, demands(parts));
    retell(this.#config, nodeConfig(options, operators, this.#identity, passwordHash));
    this.#checks.allow(options.passwordChecks, options.passwordQueue);
    this.#http?.reconfigure({ tokens: apiTokens, fdReserve: options.fdReserve });
    if (secrets.length > 0) {
      this.#tokens.use(secrets.map(tokenKey));
      this.#mesh?.secrets.use(secrets);
    }
    this.#edge.answer((node, now) => node.reconfigured(now));
  }

  /**
   * Accepts nothing more and says ERROR to all, over `drainMs` where they have another server to go to. Resolves when
   * everybody has gone, a moment after everybody was given what is owed to them (who then keeps a connection open has no
   * reason to), or when the time for all that is over.
   */
  stop(reason: string, drainMs: number): Promise<void> {
    this.#edge.stopListening();
    let toldMs = 0;
    this.#edge.answer((node, now) => {
      toldMs = node.shutdown(reason, now, drainMs);
    });
    this.#mesh?.close();
    const { shutdownMs } = this.#options;
    return new Promise<void>((resolve) => {
      setTimeout(resolve, toldMs + shutdownMs);
      this.#edge.whenSaid(() => setTimeout(resolve, Math.min(LAST_MOMENT_MS, shutdownMs)));
      this.#edge.whenIdle(resolve);
    }).finally(() => this.#http?.close());
  }

  /** Breaks whatever connection is left behind stop(). */
  close(): void {
    this.#edge.close();
  }

  #ports({ options, log, onStop }: ServerParts): Ports {
    const edge = this.#edge;
    const tokens = this.#tokens;
    const memory = new Budget(options.roomMemoryBytes);
    const room = { slots: options.roomMessages, bytes: options.roomBytes };
    return {
      offer: (id, bytes, start, end) => edge.offer(id, bytes, start, end),
      offerEach: (ids, count, bytes, start, end, taken) => edge.offerEach(ids, count, bytes, start, end, taken),
      pause: (id) => edge.pause(id),
      resume: (id) => edge.resume(id),
      end: (id, wait, why, reason) => edge.end(id, wait, why, reason),
      terminate: (id) => edge.terminate(id),
      wake: () => edge.wake(),
      openLog: (_room, epoch, first) => new MemoryLog(epoch, memory, room, first),
      verify: (ticket, password, hash) =>
        this.#checks.check(password, hash, (ok) => edge.answer((node, now) => node.done(ticket, ok ? 1 : 0, now))),
      token: (uid) => tokens.token(uid),
      isToken: (uid, token) => tokens.isToken(uid, token),
      log: (level, event, fields) => log[level](event, fields),
      stop: onStop,
    };
  }
}

/** What links ask of each other, where they have TLS. */
function demands({ options: { linkTls, linkPins }, tls }: Pick<ServerParts, 'options' | 'tls'>): Demands {
  return { ca: tls.links?.ca ?? '', pins: linkPins, mutual: linkTls === 'mutual' };
}

function listen(
  edge: Edge,
  flag: '--clients' | '--links',
  address: ListenAddress,
  tls: Credentials | undefined,
): ListenAddress {
  try {
    return flag === '--clients' ? edge.listen(address, tls) : edge.listenForLinks(address, tls);
  } catch (error) {
    throw refused(edge, `${flag} ${formatAddress(address)}`, error);
  }
}

function refused(edge: Edge, what: string, error: unknown): ListenError {
  edge.stopListening();
  const { code } = error as NodeJS.ErrnoException;
  const why =
    code === 'EADDRINUSE'
      ? 'the port is taken; stop what uses it, or choose another (0 picks a free one)'
      : `cannot listen there (${code ?? String(error)})`;
  return new ListenError(`${what}: ${why}`);
}

function formatOrOff(address: ListenAddress | 'off'): string {
  return address === 'off' ? 'off' : formatAddress(address);
}

/** A fault of ours that no connection is to blame for. */
function logFault(log: Log, error: unknown): void {
  log.error('internal.error', { reason: describeFault(error) });
}

// Why a link, or an attempt at one, ended: one word each, what the peer is told of it, and when the same server is
// dialled again. The one table of all ends; what it does not name does not happen.

/** When a server is dialled again. `soon`: with back-off. `minute`: after a minute. `forget`: when it is heard of. */
export type Redial = 'soon' | 'minute' | 'later' | 'forget' | 'never';

interface Row {
  /** What `<ERROR,…>` says; empty where there is nobody to tell. */
  readonly says: string;
  readonly redial: Redial;
}

export const WHYS = {
  unreachable: { says: '', redial: 'soon' },
  lost: { says: '', redial: 'soon' },
  silent: { says: 'Nothing was heard for too long', redial: 'soon' },
  timeout: { says: 'The handshake took too long', redial: 'soon' },
  error: { says: '', redial: 'soon' },
  frame: { says: 'Bad frame', redial: 'soon' },
  protocol: { says: 'Not what the protocol has here', redial: 'soon' },
  busy: { says: 'Too many links', redial: 'soon' },
  blocked: { says: 'This link was closed by an operator', redial: 'soon' },
  network: { says: 'Another network', redial: 'minute' },
  version: { says: 'No protocol version in common', redial: 'minute' },
  mac: { says: 'AUTH failed', redial: 'minute' },
  registered: { says: 'Already registered', redial: 'minute' },
  duplicate: { says: 'There is another link between us', redial: 'soon' },
  ghost: { says: 'This server has begun a new life', redial: 'soon' },
  self: { says: 'This is a link to itself', redial: 'never' },
  sclose: { says: 'Link closed', redial: 'later' },
  left: { says: '', redial: 'forget' },
  leaving: { says: 'Server is leaving', redial: 'never' },
} as const satisfies Record<string, Row>;
export type Why = keyof typeof WHYS;

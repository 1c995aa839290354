// Addresses of the simulated world: where the servers of a run are.

export const LINK_PORT = 7_401;
const CLIENT_PORT = 7_400;

export function ipOf(index: number): string {
  return `10.1.0.${index + 1}`;
}

/** Where clients reach a server. */
export function clientAddress(index: number): string {
  return `${ipOf(index)}:${CLIENT_PORT}`;
}

/** The server that clients reach at an address. */
export function serverAt(address: string): number {
  return Number(address.slice(0, address.indexOf(':')).split('.')[3]) - 1;
}

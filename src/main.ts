// bun run server: options in, one server out, until a signal or an operator ends it.
//
//   server [--flags]          serves; one JSON line on stdout when it listens, the log on stderr
//   server check [--flags]    says what would run and where each value comes from, as TOML on stdout
//   server hash               makes the hash of a password, an operator's or the server's
//   server health [--flags]   asks the server that runs with these flags whether it is alive; 0 when it is, else 1
//
// SIGTERM and SIGINT end it; SIGHUP has it read its configuration, certificates and password again, and ends it where it
// has none of them. It exits 0 after a signal, 1 after a fault of its own, 2 when an option is wrong or an address taken
// (one line each on stderr).

import { healthCommand } from './ops/http/health.ts';
import { ListenError, USUAL_HTTP } from './ops/life.ts';
import { type Log, stderrLog } from './ops/log/log.ts';
import { LogEvents } from './ops/log/log-events.ts';
import type { Options } from './ops/options/option-table.ts';
import { effectiveToml } from './ops/options/option-toml.ts';
import { Reloader } from './ops/options/reloader.ts';
import { type ReadSettings, readSettings, type Settings } from './ops/options/settings.ts';
import { hashCommand } from './ops/secrets/hash.ts';
import { Server } from './ops/server.ts';
import { Sites } from './ops/sites.ts';
import { VERSION, versionText } from './ops/version.ts';
import { pageFiles } from './pages/files.ts';

/** A signal within this time of the first is the same one heard twice (npx and the terminal both send it). */
const SAME_SIGNAL_MS = 1000;
const LAST_WORDS_MS = 500;

async function main(argv: readonly string[]): Promise<void> {
  if (argv[0] === 'hash') process.exit(await hashCommand(argv.slice(1)));
  const word = argv[0] === 'check' || argv[0] === 'health' ? argv[0] : undefined;
  const settings = await readSettings(word === undefined ? argv : argv.slice(1), process.env);
  if ('help' in settings) return print(settings.help);
  if ('version' in settings) return print(versionText());
  if ('problems' in settings) return refuse(settings.problems);
  if (word === 'check') return show(settings);
  if (word === 'health') process.exit(await healthCommand(settings.options.http ?? USUAL_HTTP, print));
  return serve(settings, () => readSettings(argv, process.env));
}

/** Says what would run. */
function show({ options, origins, warnings }: Settings): void {
  for (const warning of warnings) process.stderr.write(`server: warning: ${warning}\n`);
  process.stdout.write(effectiveToml(options, origins));
}

/** Starts the server; `read` reads its settings again. */
async function serve(settings: Settings, read: () => Promise<ReadSettings>): Promise<void> {
  const { options, warnings } = settings;
  const lines = stderrLog(options.logLevel, options.logFormat);
  const log = new LogEvents(lines);
  for (const warning of warnings) log.warn('options.warning', { warning });
  try {
    let stop = (_reason: string): void => {};
    const sites = new Sites(pageFiles, log);
    const server = await Server.start({ ...settings, version: VERSION, log, sites, onStop: (reason) => stop(reason) });
    const apply = (next: Settings): void => {
      lines.adjust(next.options.logLevel, next.options.logFormat);
      server.reconfigure(next);
    };
    const reloader = new Reloader(settings, { read, apply, log });
    stop = stopper(server, log, reads(options) ? () => void reloader.reload() : undefined);
    print(JSON.stringify(server.ready));
  } catch (error) {
    if (!(error instanceof ListenError)) throw error;
    refuse([error.message]);
  }
}

/** Whether there is something that is written anew while a server runs, for it to read again. */
function reads({ config, tlsCert, linkCert, passwordFile }: Options): boolean {
  return [config, tlsCert, linkCert, passwordFile].some((path) => path !== undefined);
}

/** Stops the server once, and lets a second signal end the process at once. SIGHUP has it do `reload`, where given. */
function stopper(server: Server, log: Log, reload: (() => void) | undefined): (reason: string) => void {
  let stoppingSince = 0;
  const stop = (reason: string, code = 0): void => {
    if (stoppingSince !== 0) return;
    stoppingSince = performance.now();
    log.info('server.stopping', { reason });
    void server.stop(reason, code === 0).then(async () => {
      log.info('server.stopped');
      await log.flush(LAST_WORDS_MS);
      process.exit(code);
    });
  };
  // What no connection's containment caught: nobody knows what state we are in, so everybody is told and we end.
  const failed = (error: unknown): void => {
    log.error('process.fault', { reason: error instanceof Error ? (error.stack ?? error.message) : String(error) });
    stop('Internal error; the server stops', 1);
  };
  const signalled = (signal: NodeJS.Signals): void => {
    if (stoppingSince !== 0 && performance.now() - stoppingSince > SAME_SIGNAL_MS) process.exit(1);
    stop(`Server stopping (${signal})`);
  };
  process.on('uncaughtException', failed);
  process.on('unhandledRejection', failed);
  process.on('SIGTERM', signalled);
  process.on('SIGINT', signalled);
  process.on('SIGHUP', (signal) => {
    if (reload === undefined) signalled(signal);
    else if (stoppingSince === 0) reload();
  });
  return stop;
}

function print(line: string): void {
  process.stdout.write(`${line}\n`);
}

function refuse(problems: readonly string[]): void {
  for (const problem of problems) process.stderr.write(`server: ${problem}\n`);
  process.exitCode = 2;
}

await main(process.argv.slice(2));

// The build of the SDK: a package that stands alone (`bun run build:sdk` makes dist/client). One ES module for each kind of
// runtime, the types of all of them, and a package.json with `exports` as this repository's own has them.
//
//   build-sdk [FOLDER]   where it goes; the preset is dist/client
//
// It takes the place of an earlier build, and goes into no folder that holds anything else. It exits with 1 when it could
// not be built, and with 2 when the arguments are wrong.

import { copyFileSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { type Flags, optionsOrExit, parseFlags, shown } from './flags.ts';

const ROOT = resolve(import.meta.dir, '../..');
const SDK = join(ROOT, 'src/client/sdk');
/** Each entry, and the kind of runtime that it is for. */
const ENTRIES = [
  ['bun', 'bun'],
  ['node', 'node'],
  ['web', 'browser'],
] as const;
/** All that it makes in the folder. */
const MADE = new Set([...ENTRIES.map(([name]) => `${name}.js`), 'types', 'package.json', 'LICENSE']);

const USAGE = `Usage: bun run build:sdk [FOLDER]

Makes the client's package: ES modules for Bun, Node and browsers, and their types.

  FOLDER  where it goes: a new or empty one, or one with an earlier build in it (dist/client)
  --help  this text`;

function readBuildFlags(args: readonly string[]): Flags<{ readonly folder: string }> {
  const folders = args.filter((arg) => !arg.startsWith('-'));
  const values = parseFlags(
    args.filter((arg) => arg.startsWith('-')),
    {},
  );
  if (typeof values === 'string') return { wrong: values };
  if (values.help) return { help: USAGE };
  if (folders.length > 1) return { wrong: `one FOLDER is made, and not ${folders.map(shown).join(' and ')}` };
  const folder = resolve(folders[0] ?? `${ROOT}/dist/client`);
  const wrong = whatIsThere(folder);
  return wrong === undefined ? { options: { folder } } : { wrong: `${shown(folder)} ${wrong}` };
}

/** Why nothing can be built into a folder; undefined where it can. */
function whatIsThere(folder: string): string | undefined {
  const there = statSync(folder, { throwIfNoEntry: false });
  if (there === undefined) return undefined;
  if (!there.isDirectory()) return 'is no folder';
  const names = readdirSync(folder);
  const other = names.includes('bun.js') ? names.find((name) => !MADE.has(name)) : names[0];
  if (other === undefined) return undefined;
  return `holds ${shown(other)}, which is not of an earlier build: give a folder of its own`;
}

/** What says to others what the package is: this repository's own words, for its part of them. */
function writeManifest(folder: string): void {
  const { name, version, license, type, exports, sideEffects } = JSON.parse(
    readFileSync(join(ROOT, 'package.json'), 'utf8').replaceAll('./dist/client/', './'),
  );
  const manifest = { name, version, description: 'A client of Chorus', license, type, exports, sideEffects };
  writeFileSync(join(folder, 'package.json'), `${JSON.stringify(manifest, undefined, 2)}\n`);
  copyFileSync(join(ROOT, 'LICENSE'), join(folder, 'LICENSE'));
}

/** Whether all modules could be made; says what is wrong with one that could not. */
async function buildModules(folder: string): Promise<boolean> {
  let good = true;
  for (const [name, target] of ENTRIES) {
    const built = await Bun.build({
      entrypoints: [join(SDK, `${name}.ts`)],
      outdir: folder,
      target,
      format: 'esm',
      throw: false,
    });
    for (const entry of built.logs) process.stderr.write(`build:sdk: ${entry.message}\n`);
    good &&= built.success;
  }
  return good;
}

/** Whether the types could be made. */
function buildTypes(folder: string): boolean {
  const types = join(folder, 'types');
  const tsc = join(ROOT, 'node_modules/typescript/bin/tsc');
  const { exitCode, stdout } = Bun.spawnSync(
    [process.execPath, tsc, '-p', join(SDK, 'tsconfig.json'), '--outDir', types],
    { stderr: 'inherit' },
  );
  if (exitCode !== 0) process.stderr.write(stdout);
  else keepNamed(types, join(types, 'client/sdk/web.d.ts'));
  return exitCode === 0;
}

const IMPORT = /(from '|import\(['"])(\.[^'"]*)\.ts(?=['"])/g;

/**
 * Keeps the types that the entry leads to, which are few, and has them import each other by `.js`, which every compiler
 * understands.
 */
function keepNamed(types: string, entry: string): void {
  const kept = new Set([entry]);
  for (const path of kept) {
    const text = readFileSync(path, 'utf8');
    for (const [, , target = ''] of text.matchAll(IMPORT)) kept.add(resolve(dirname(path), `${target}.d.ts`));
    writeFileSync(path, text.replace(IMPORT, '$1$2.js'));
  }
  for (const name of readdirSync(types, { recursive: true, encoding: 'utf8' })) {
    const path = join(types, name);
    if (name.endsWith('.d.ts') && !kept.has(path)) rmSync(path);
  }
}

const { folder } = optionsOrExit('build:sdk', readBuildFlags(process.argv.slice(2)));
rmSync(folder, { recursive: true, force: true });
if ((await buildModules(folder)) && buildTypes(folder)) {
  writeManifest(folder);
  process.stdout.write(`${folder}\n`);
} else process.exitCode = 1;

// The build of the SDK: the package that `exports` of package.json names (`bun run build:sdk` makes dist/client). One ES
// module for each kind of runtime, and the types of all of them.
//
//   build-sdk [FOLDER]   where it goes; the preset is dist/client
//
// It exits with 1 when it could not be built, and with 2 when the arguments are wrong. What was there before is gone.

import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
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

const USAGE = `Usage: bun run build:sdk [FOLDER]

Makes the client's package: ES modules for Bun, Node and browsers, and their types.

  FOLDER  where it goes (dist/client)
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
  return { options: { folder: resolve(folders[0] ?? `${ROOT}/dist/client`) } };
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
    for (const entry of built.logs) process.stderr.write(`build: ${entry.message}\n`);
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
if ((await buildModules(folder)) && buildTypes(folder)) process.stdout.write(`${folder}\n`);
else process.exitCode = 1;

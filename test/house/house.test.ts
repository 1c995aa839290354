// The house rules on the real files, and each of them on a planted violation: a rule that cannot go red is none.

import { describe, expect, test } from 'bun:test';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import * as rules from './rules.ts';

const ROOT = resolve(import.meta.dir, '../..');
const LOOKED_AT = [
  ...['*.{md,json,toml,lock}', 'LICENSE', '.gitignore', 'Dockerfile', '.dockerignore'],
  ...['.ci/**', '{src,test,bench,docs,packaging}/**'],
];
const BINARY = /\.(?:png|jpe?g|gif|ico|woff2?|wasm|bin|gz|sqlite)$/;
const TOP_LEVEL = [
  ...['package.json', 'bunfig.toml', 'tsconfig.json', 'bun.lock', 'biome.json', '.gitignore', '.ci'],
  ...['src', 'bench', 'test', 'docs', 'packaging', 'README.md', 'LICENSE', 'Dockerfile', '.dockerignore'],
];
const OPENING = '// A planted file: it opens as every file of the house does.\n';

function realFiles(): rules.Files {
  const files = new Map<string, string>();
  for (const pattern of LOOKED_AT) {
    for (const path of new Bun.Glob(pattern).scanSync({ cwd: ROOT, dot: true })) {
      if (!BINARY.test(path)) files.set(path, readFileSync(join(ROOT, path), 'utf8'));
    }
  }
  return files;
}

/** What a rule says of files given as [path, text] pairs. */
function judge(rule: rules.Rule, ...files: readonly (readonly [string, string])[]): string[] {
  return rule(new Map(files));
}

describe('the real files', () => {
  const files = realFiles();

  test('are looked at', () => {
    expect(files.has('README.md') || files.has('LICENSE')).toBe(true);
    expect(files.has('src/base/assert.ts')).toBe(true);
    expect(files.has('.ci/run')).toBe(true);
    expect(files.has('test/house/house.test.ts')).toBe(true);
  });

  for (const [name, rule] of Object.entries(rules.RULES)) test(name, () => expect(rule(files)).toEqual([]));

  test('every pure folder is checked without types of the runtime', () => {
    const settings = readFileSync(join(ROOT, 'src/tsconfig.pure.json'), 'utf8');
    for (const layer of rules.PURE) expect(settings).toContain(layer === 'client' ? '"client/*.ts"' : `"${layer}"`);
  });

  test.skipIf(Bun.which('git') === null || !existsSync(join(ROOT, '.git')))(
    'the top level holds what it should',
    () => {
      const { stdout } = Bun.spawnSync(['git', 'ls-files', '-z'], { cwd: ROOT });
      const names = stdout.toString().split('\0').filter(Boolean);
      const top = new Set(names.map((path) => path.split('/')[0] as string));
      expect([...top].filter((name) => !TOP_LEVEL.includes(name))).toEqual([]);
    },
  );
});

describe('package.json', () => {
  const manifest = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as {
    packageManager: string;
    engines: { bun: string };
    scripts: Record<string, string>;
    dependencies?: Record<string, string>;
    devDependencies: Record<string, string>;
  };

  test('pins every version exactly, and Bun everywhere to the same', () => {
    const versions = Object.values({ ...manifest.dependencies, ...manifest.devDependencies, ...manifest.engines });
    for (const version of versions) expect(version).toMatch(/^\d+\.\d+\.\d+$/);
    expect(manifest.packageManager).toBe(`bun@${manifest.engines.bun}`);
    expect(readFileSync(join(ROOT, '.ci/run'), 'utf8')).toContain(`npx -y ${manifest.packageManager} run test`);
  });

  test('has scripts that install first and hand their process over', () => {
    for (const script of Object.values(manifest.scripts)) {
      expect(script).toMatch(/^bun src\/cli\/install\.ts( server)? && exec bun [\w./-]+( \w+)?$/);
    }
  });

  test('has a lock file that names packages and no addresses', () => {
    expect(readFileSync(join(ROOT, 'bun.lock'), 'utf8')).not.toContain('://');
  });
});

describe('imports go down the layers', () => {
  const imports = (path: string, specifier: string): string[] =>
    judge(rules.importDirection, [path, `${OPENING}import { x } from '${specifier}';\n`]);

  test.each([
    ['src/base/a.ts', '../wire/b.ts', 'base imports wire'],
    ['src/wire/a.ts', '../chat/b.ts', 'wire imports chat'],
    ['src/chat/a.ts', '../order/b.ts', 'chat imports order'],
    ['src/order/a.ts', '../fanout/b.ts', 'order imports fanout'],
    ['src/mesh/a.ts', '../chat/b.ts', 'mesh imports chat'],
    ['src/fanout/deep/a.ts', '../../mesh/b.ts', 'fanout imports mesh'],
    ['src/node/a.ts', '../net/b.ts', 'node imports net'],
    ['src/net/a.ts', '../ops/b.ts', 'net imports ops'],
    ['src/ops/a.ts', '../main.ts', 'ops imports main'],
    ['src/client/a.ts', '../chat/b.ts', 'client imports chat'],
    ['src/client/transport/a.ts', '../../net/b.ts', 'client imports net'],
    ['src/client/a.ts', './transport/tcp.ts', 'the core of the client imports its transport'],
    ['src/client/a.ts', './sdk/chat.ts', 'the core of the client imports its sdk'],
    ['src/client/transport/a.ts', '../sdk/chat.ts', 'the transport of the client imports its sdk'],
    ['src/client/sdk/a.ts', '../../chat/b.ts', 'client imports chat'],
    ['src/client/sdk/a.ts', 'node:net', 'a pure file imports node:net'],
    ['src/node/a.ts', '../client/b.ts', 'node imports client'],
    ['src/node/a.ts', 'node:fs', 'a pure file imports node:fs'],
    ['src/chat/a.ts', 'bun', 'a pure file imports bun'],
    ['src/client/a.ts', 'bun:sqlite', 'a pure file imports bun:sqlite'],
    ['src/net/a.ts', 'fast-check', 'fast-check is no run-time dependency'],
    ['src/net/a.ts', '@scope/name/deep', '@scope/name is no run-time dependency'],
    ['src/cli/a.ts', '../../test/run.ts', 'src imports test/run.ts'],
    ['src/node/a.ts', '../../package.json', 'src imports package.json'],
    ['src/extra/a.ts', './b.ts', 'there is no layer extra'],
  ])('%s must not import %s', (path, specifier, wrong) => {
    const [found = '', ...more] = imports(path, specifier);
    expect(found.replace(/^[^ ]* /, '')).toBe(wrong);
    expect(more).toEqual([]);
  });

  test.each([
    ['src/wire/a.ts', '../base/b.ts'],
    ['src/chat/a.ts', './b.ts'],
    ['src/node/a.ts', '../fanout/b.ts'],
    ['src/ops/a.ts', '../net/b.ts'],
    ['src/net/a.ts', 'node:net'],
    ['src/net/a.ts', 'bun'],
    ['src/client/transport/a.ts', '../core.ts'],
    ['src/client/transport/a.ts', 'bun'],
    ['src/client/sdk/a.ts', '../transport/tcp.ts'],
    ['src/client/sdk/a.ts', '../core.ts'],
    ['src/cli/a.ts', '../client/transport/tcp.ts'],
    ['src/main.ts', './ops/options.ts'],
    ['src/main.ts', '../package.json'],
  ])('%s may import %s', (path, specifier) => expect(imports(path, specifier)).toEqual([]));

  test.each([
    ["import type { X } from '../chat/x.ts';"],
    ["export { x } from '../chat/x.ts';"],
    ["export * from '../chat/x.ts';"],
    ["import '../chat/x.ts';"],
    ["const x = await import('../chat/x.ts');"],
    ["import {\n  a,\n  b,\n} from '../chat/x.ts';"],
    ['import { x } from "../chat/x.ts";'],
    ["type X = import('../chat/x.ts').X;"],
  ])('%j is an import', (text) => {
    expect(judge(rules.importDirection, ['src/base/a.ts', OPENING + text])).toHaveLength(1);
  });

  test('an import in a comment or a string is none', () => {
    const text = `// import { x } from '../chat/x.ts';\nconst s = "import '../chat/x.ts'";\nconst t = \`from '../chat/x.ts'\`;\n`;
    expect(judge(rules.importDirection, ['src/base/a.ts', text])).toEqual([]);
  });

  test('a run-time dependency may be imported outside of the pure folders', () => {
    const manifest = ['package.json', '{"dependencies":{"@scope/name":"1.0.0"}}'] as const;
    const text = "import { x } from '@scope/name/deep';";
    expect(judge(rules.importDirection, manifest, ['src/ops/a.ts', text])).toEqual([]);
    expect(judge(rules.importDirection, manifest, ['src/chat/a.ts', text])).toHaveLength(1);
  });
});

describe('pure folders know no clock, chance or runtime', () => {
  const uses = (text: string, path = 'src/chat/a.ts'): string[] => judge(rules.purity, [path, OPENING + text]);

  test.each([
    ['const now = Date.now();'],
    ['const now = new Date();'],
    ['const now = new Date;'],
    ['const text = Date();'],
    ['const x = Math.random();'],
    ['const t = performance.now();'],
    ['setTimeout(f, 1);'],
    ['setInterval(f, 1);'],
    ['setImmediate(f);'],
    ['queueMicrotask(f);'],
    ['const id = crypto.randomUUID();'],
    ['const h = Bun.hash(x);'],
    ['process.exit(1);'],
    ['console.log(x);'],
    ['const b = Buffer.alloc(1);'],
    ['const p = globalThis.process;'],
    ['const f = import.meta.dir;'],
    // The inside of a template's placeholder is code.
    [`const s = \`at \${Date.now()}\`;`],
    [`const s = \`a \${\`b \${Date.now()}\`} c\`;`],
    ['const r = /[\'"`]/; const t = Date.now();'],
  ])('%s is a violation', (text) => expect(uses(text)).toHaveLength(1));

  test.each([
    ['// Date.now() is never called here'],
    ['/* console.log */'],
    ["const s = 'process.exit';"],
    ['const s = `console.log`;'],
    ['const d = new Date(now).toISOString();'],
    ['interface Port { process: number }'],
    ['port.process(1);'],
    ['const r = /Date.now()/;'],
    ['const processed = 1;'],
  ])('%s is none', (text) => expect(uses(text)).toEqual([]));

  test('holds for the core of the client, for the SDK, and for no edge', () => {
    for (const path of ['src/client/resume.ts', 'src/client/sdk/a.ts'])
      expect(uses('Date.now();', path)).toHaveLength(1);
    for (const path of ['src/client/transport/tcp.ts', 'src/net/a.ts', 'src/ops/a.ts', 'src/cli/a.ts', 'src/main.ts']) {
      expect(uses('Date.now();', path)).toEqual([]);
    }
  });

  test('the settings of the pure folders refuse them by type', () => {
    const folder = mkdtempSync(join(tmpdir(), 'chorus-pure-'));
    const names = [
      'Bun',
      'process',
      'console',
      'performance',
      'crypto',
      'setTimeout',
      'setImmediate',
      'Buffer',
      'fetch',
    ];
    try {
      const settings = { extends: join(ROOT, 'src/tsconfig.pure.json'), include: ['*.ts'] };
      writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify(settings));
      writeFileSync(join(folder, 'a.ts'), names.map((name) => `export const ${name}Seen = ${name};\n`).join(''));
      const tsc = join(ROOT, 'node_modules/typescript/bin/tsc');
      const { stdout, exitCode } = Bun.spawnSync([process.execPath, tsc, '-p', folder]);
      expect(exitCode).not.toBe(0);
      for (const [index] of names.entries()) expect(stdout.toString()).toContain(`a.ts(${index + 1},`);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});

describe('source files open with a comment', () => {
  const opens = (text: string): string[] => judge(rules.openingComment, ['src/chat/a.ts', text]);

  test.each([
    ["import { x } from './x.ts';\n"],
    ['// x\nconst x = 1;\n'],
    [`\n${OPENING}`],
    ['const x = 1; // A comment that stands behind code opens nothing.\n'],
  ])('%j is a violation', (text) => expect(opens(text)).toHaveLength(1));

  test.each([
    [OPENING],
    [`#!/usr/bin/env bun\n${OPENING}`],
    ['/*\n * A file may open with a block comment, when it says something.\n */\n'],
  ])('%j is none', (text) => expect(opens(text)).toEqual([]));
});

test('a file of more than 500 lines is a violation, one of 500 is none', () => {
  expect(judge(rules.fileLength, ['src/chat/a.ts', 'x;\n'.repeat(501)])).toHaveLength(1);
  expect(judge(rules.fileLength, ['src/chat/a.ts', 'x;\n'.repeat(500)])).toEqual([]);
});

describe('forbidden words', () => {
  const says = (text: string): string[] => judge(rules.forbiddenWords, ['docs/A.md', text]);
  // Put together here, because this file is looked at too.
  const [up, home] = ['..', 'work'];

  test.each([
    [`see ${up}/shared/design`],
    [`cd /${home}/main`],
    [`https://registry.${'npmjs'}.org/x`],
    [`https://${'npmjs'}.com/x`],
    [`https://registry.${'yarnpkg'}.com/x`],
  ])('%s is one', (text) => expect(says(text)).toHaveLength(1));

  test.each([['shared state'], [`the net/${home}/place`], ['npm install']])('%s is none', (text) =>
    expect(says(text)).toEqual([]),
  );
});

describe('loops from inside', () => {
  const nested = (text: string): string[] => judge(rules.nestedLoops, ['test/a.test.ts', text]);

  test.each([['await expect(x).rejects.toThrow();'], ['expect(x)\n  .resolves.toBe(1);']])('%s is one', (text) =>
    expect(nested(text)).toHaveLength(1),
  );

  test.each([['// .rejects'], ["'x.rejects'"], ['rejects(x)']])('%s is none', (text) =>
    expect(nested(text)).toEqual([]),
  );
});

describe('marks of unfinished work', () => {
  const marked = (text: string, path = 'src/chat/a.ts'): string[] => judge(rules.marks, [path, text]);
  const hide = (mark: string): string => mark.replace('_', '');

  test.each([
    ['// TO_DO: later'],
    ['// FIX_ME'],
    ['// XX_X'],
    ['// @ts-ig_nore'],
    ['// @ts-no_check'],
    ['// @ts-expect-er_ror'],
    ['// biome-ig_nore lint: x'],
    ['test.on_ly("x", f);'],
    ['describe.sk_ip("x", f);'],
    ['it.to_do("x");'],
    ['test.concurrent.on_ly("x", f);'],
  ])('%s is one', (text) => expect(marked(hide(text))).toHaveLength(1));

  test.each([['const todos = list.skip(1);'], ['test.skipIf(x)("y", f);']])('%s is none', (text) =>
    expect(marked(text)).toEqual([]),
  );

  test('a test may show that something does not compile', () => {
    expect(marked(hide('// @ts-expect-er_ror a number'), 'test/chat/a.test.ts')).toEqual([]);
  });
});

describe('links in documents', () => {
  const files = [
    ['docs/A.md', '# Title\n\n## The `wire`, briefly\n\n## Twice\n\n## Twice\n'],
    ['docs/decisions/1.md', 'x'],
    ['src/main.ts', OPENING],
  ] as const;
  const linked = (text: string): string[] => judge(rules.documentLinks, ['README.md', text], ...files);

  test.each([
    ['[a](docs/B.md)'],
    ['[a](docs/A.md#nothing)'],
    ['[a](#nowhere)'],
    ['![a](docs/a.png)'],
    ['[a]: docs/B.md'],
    ['[a](../README.md)'],
    ['[a](docs/a)'],
  ])('%j leads nowhere', (text) => expect(linked(text)).toHaveLength(1));

  test.each([
    ['[a](docs/A.md)'],
    ['[a](docs/A.md "title")'],
    ['[a](docs/A.md#the-wire-briefly)'],
    ['[a](docs/A.md#twice-1)'],
    ['[a](docs/decisions/)'],
    ['[a](src/main.ts)'],
    ['[a](https://example.org/x)'],
    ['[a](mailto:a@example.org)'],
    ['# Here\n[a](#here)'],
    ['`[a](docs/B.md)`'],
    ['```\n[a](docs/B.md)\n```'],
  ])('%j resolves', (text) => expect(linked(text)).toEqual([]));

  test('are relative to their document', () => {
    expect(judge(rules.documentLinks, ['docs/A.md', '[a](../src/main.ts)'], files[2])).toEqual([]);
    expect(judge(rules.documentLinks, ['docs/A.md', '[a](src/main.ts)'], files[2])).toHaveLength(1);
  });
});

test.each([
  ['| a | b |\n|---|---|\n| 1 | 2 |\n\n| 3 | 4 |', ['A.md:5']],
  ['| a | b |\n|---|---|\n| 1 |\n| `\\|` | 4 |', ['A.md:3']],
  ['| a |\n|---|---|', ['A.md:2']],
  ['| a |\n|---|\n| 1 |\n\nx\n\n```\n| x |\n```', []],
])('of %j the rows that belong to no table are violations', (text, found) => {
  expect(judge(rules.documentTables, ['A.md', text]).map((each) => each.split(':', 2).join(':'))).toEqual(found);
});

test('decisions that share a number, leave one out or bear another one are violations', () => {
  const decided = (...names: string[]): string[] =>
    judge(
      rules.decisionNumbers,
      ...names.map((name) => [`docs/decisions/${name}.md`, `# ${Number(name.slice(0, 3))}. x`] as const),
    );
  expect(decided('001-a', '002-b')).toEqual([]);
  expect(decided('001-a', '001-b')).toHaveLength(1);
  expect(decided('001-a', '003-b')).toHaveLength(1);
  expect(decided('1-a')).toHaveLength(1);
  expect(judge(rules.decisionNumbers, ['docs/decisions/001-a.md', '# 2. x'])).toHaveLength(1);
});

describe('the linter knows the layers too', () => {
  test('an import against the direction is an error there', () => {
    const folder = mkdtempSync(join(tmpdir(), 'chorus-lint-'));
    try {
      const settings = readFileSync(join(ROOT, 'biome.json'), 'utf8');
      writeFileSync(join(folder, 'biome.json'), settings.replace('"useIgnoreFile": true', '"useIgnoreFile": false'));
      const planted = {
        'src/base/a.ts':
          "import { b } from '../wire/b.ts';\nimport { readFileSync } from 'node:fs';\nreadFileSync(b);\n",
        'src/wire/b.ts': "export const b = 'x';\n",
        'src/mesh/c.ts': "import { d } from '../chat/d.ts';\nexport const c = d;\n",
        'src/chat/d.ts': 'export const d = 1;\n',
      };
      for (const [path, text] of Object.entries(planted)) {
        mkdirSync(dirname(join(folder, path)), { recursive: true });
        writeFileSync(join(folder, path), text);
      }
      const biome = join(ROOT, 'node_modules/@biomejs/biome/bin/biome');
      const run = Bun.spawnSync([process.execPath, biome, 'lint', '--reporter=github'], { cwd: folder });
      const restricted = run.stdout.toString().match(/noRestrictedImports/g) ?? [];
      expect(run.exitCode).not.toBe(0);
      expect(restricted).toHaveLength(3);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});

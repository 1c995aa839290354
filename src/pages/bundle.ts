// Builds a page: its scripts, which browsers keep for good as their names hold a hash, and one document, which has the
// style and the first picture of the page in it, so that something is to be seen after one round trip. What a page may do is
// written here as well (Content-Security-Policy): no script but its own, no style but the one it has, nothing of elsewhere.

import { createHash } from 'node:crypto';
import { join } from 'node:path';

/** The pages there are: `chat` at `/` of the listener for browsers, `admin` at `/admin` of that for operators. */
export const PAGES = ['chat', 'admin'] as const;
export type PageName = (typeof PAGES)[number];

/** One file, as a browser asks for it. */
export interface PageFile {
  readonly path: string;
  /** Its media type. */
  readonly type: string;
  readonly text: string;
  /** Of the document alone. */
  readonly policy?: string;
}

interface Plan {
  /** Where the document is, and what its scripts stand under. */
  readonly at: string;
  readonly scripts: string;
  readonly title: string;
  /** Where its scripts may connect to. */
  readonly connect: string;
}

const PLANS: Readonly<Record<PageName, Plan>> = {
  // A chat goes on at another server of its network, wherever that is, when its own is lost.
  chat: { at: '/', scripts: '/', title: 'Chorus', connect: "'self' ws: wss:" },
  admin: { at: '/admin', scripts: '/admin/', title: 'Chorus · operators', connect: "'self'" },
};

const HERE = import.meta.dir;

export async function bundle(name: PageName): Promise<PageFile[]> {
  const { at, scripts, title, connect } = PLANS[name];
  const [modules, style, shell] = await Promise.all([
    build(join(HERE, name, 'main.tsx'), `${name}-[hash].[ext]`),
    build(join(HERE, name, 'page.css'), '[name].[ext]'),
    Bun.file(join(HERE, name, 'shell.html')).text(),
  ]);
  const files = await Promise.all(
    modules.map(async (module) => ({
      path: scripts + module.path.replace(/^\.\//, ''),
      type: 'text/javascript; charset=utf-8',
      text: await module.text(),
    })),
  );
  const entry = files[modules.findIndex(({ kind }) => kind === 'entry-point')] as PageFile;
  const css = (await (style[0] as Bun.BuildArtifact).text()).trim();
  const text = documentOf(title, css, entry.path, shell.trim());
  return [{ path: at, type: 'text/html; charset=utf-8', text, policy: policyOf(css, connect) }, ...files];
}

async function build(entry: string, naming: string): Promise<Bun.BuildArtifact[]> {
  const built = await Bun.build({
    entrypoints: [entry],
    target: 'browser',
    format: 'esm',
    minify: true,
    splitting: entry.endsWith('.tsx'),
    naming: { entry: naming, chunk: naming },
    define: { 'process.env.NODE_ENV': '"production"' },
    throw: false,
  });
  if (!built.success) throw new Error(`${entry}: ${built.logs.map(({ message }) => message).join('; ')}`);
  return built.outputs;
}

function policyOf(css: string, connect: string): string {
  const hash = createHash('sha256').update(css).digest('base64');
  return [
    "default-src 'none'",
    "script-src 'self'",
    `style-src 'sha256-${hash}'`,
    'img-src data:',
    `connect-src ${connect}`,
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
    "require-trusted-types-for 'script'",
    "trusted-types 'none'",
  ].join('; ');
}

const ICON =
  "data:image/svg+xml,%3Csvg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 32 32'%3E%3Crect width='32' height='32' rx='8' " +
  "fill='%235b45d6'/%3E%3Cg fill='none' stroke='white' stroke-width='2.6' stroke-linecap='round'%3E%3Cpath d='M8 20v-8M13.3 " +
  "24V8M18.6 21v-10M24 18v-4'/%3E%3C/g%3E%3C/svg%3E";

function documentOf(title: string, css: string, script: string, shell: string): string {
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1, interactive-widget=resizes-content">
<meta name="color-scheme" content="light dark">
<title>${title}</title>
<link rel="icon" href="${ICON}">
<style>${css}</style>
<script type="module" src="${script}"></script>
</head>
<body>
${shell}
</body>
</html>
`;
}

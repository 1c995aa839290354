// The package of the SDK as others have it: built into a folder elsewhere, in which programs are run and compiled.

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';

const ROOT = resolve(import.meta.dir, '../..');
const TSC = join(ROOT, 'node_modules/typescript/bin/tsc');

export class SdkPackage implements Disposable {
  readonly folder = mkdtempSync(join(tmpdir(), 'chorus-sdk-'));
  /** Where the modules are, for who imports one by its file. */
  readonly modules = join(this.folder, 'node_modules/chorus');

  /** Builds it; throws with what the build said when that fails. */
  static async build(): Promise<SdkPackage> {
    const made = new SdkPackage();
    made.write('package.json', '{ "type": "module", "private": true }');
    const { code, output } = await made.run([process.execPath, join(ROOT, 'src/cli/build-sdk.ts'), made.modules]);
    if (code === 0) return made;
    made[Symbol.dispose]();
    throw new Error(output);
  }

  /** Writes a file of the folder; its path. */
  write(name: string, text: string): string {
    const path = join(this.folder, name);
    writeFileSync(path, text);
    return path;
  }

  /** Runs a command in the folder to its end. */
  async run(command: readonly string[]): Promise<{ code: number; output: string }> {
    const child = Bun.spawn([...command], { cwd: this.folder, stdin: 'ignore', stdout: 'pipe', stderr: 'pipe' });
    const [out, err] = await Promise.all([child.stdout.text(), child.stderr.text()]);
    return { code: await child.exited, output: out + err };
  }

  /** What the compiler says of files of the folder; '' when they are good. It knows no runtime but what browsers have. */
  async compile(files: readonly string[], module = 'preserve'): Promise<string> {
    const strict = ['--strict', '--exactOptionalPropertyTypes', '--noUncheckedIndexedAccess'];
    const target = ['--target', 'esnext', '--lib', 'esnext,dom', '--types', '', '--module', module];
    const { output } = await this.run([
      process.execPath,
      TSC,
      '--ignoreConfig',
      '--noEmit',
      ...strict,
      ...target,
      ...files,
    ]);
    return output;
  }

  [Symbol.dispose](): void {
    rmSync(this.folder, { recursive: true });
  }
}

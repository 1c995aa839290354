// Where a server gets the files of its pages: from source they are built when somebody first asks for them. The build of
// the executable (src/cli/build.ts) puts a module in the place of this one that has them already.

import type { PageFile, PageName } from './bundle.ts';

/** All files of a page; rejects with what is wrong with its source. */
export async function pageFiles(name: PageName): Promise<readonly PageFile[]> {
  const { bundle } = await import('./bundle.ts');
  return bundle(name);
}

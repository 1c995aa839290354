// The sites of a server: its pages, made when somebody first asks for one and kept from then on. Making one may fail where
// a server runs from source; it is told to the log, and tried again for who asks next.

import { describeFault } from '../base/fault.ts';
import { Site, type SiteFile } from '../net/site.ts';
import type { Log } from './log/log.ts';

/** The page for people who talk, and that for operators. */
export type PageName = 'chat' | 'admin';
/** Gives the files of a page. */
export type PageFiles = (name: PageName) => Promise<readonly SiteFile[]>;

export class Sites {
  readonly #files: PageFiles;
  readonly #log: Log;
  readonly #made = new Map<PageName, Promise<Site>>();

  constructor(files: PageFiles, log: Log) {
    this.#files = files;
    this.#log = log;
  }

  /** The site of a page; rejects when it cannot be made. */
  site(name: PageName): Promise<Site> {
    const made = this.#made.get(name);
    if (made !== undefined) return made;
    const site = this.#files(name).then((files) => new Site(files));
    this.#made.set(name, site);
    site.catch((error) => {
      this.#made.delete(name);
      this.#log.error('page.failed', { page: name, reason: describeFault(error) });
    });
    return site;
  }
}

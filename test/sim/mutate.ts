// Preloaded to plant a bug in the server.

import { plant } from '../support/mutants.ts';
import { MUTANTS } from './mutant-list.ts';

plant(MUTANTS);

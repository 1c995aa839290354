// Every checker of the simulator.

import { answers } from './answers.ts';
import type { Checker } from './checker.ts';
import { claims } from './claims.ts';
import { cores } from './cores.ts';
import { farewells } from './farewells.ts';
import { framing } from './framing.ts';
import { gaps } from './gaps.ts';
import { links } from './links.ts';
import { losses } from './losses.ts';
import { messages } from './messages.ts';
import { network } from './network.ts';
import { order } from './order.ts';
import { presence } from './presence.ts';
import { reservations } from './reservations.ts';
import { routes } from './routes.ts';
import { slots } from './slots.ts';
import { strangers } from './strangers.ts';

export const CHECKERS: readonly Checker[] = [
  framing,
  slots,
  gaps,
  messages,
  reservations,
  order,
  presence,
  answers,
  cores,
  links,
  network,
  losses,
  farewells,
  claims,
  strangers,
  routes,
];

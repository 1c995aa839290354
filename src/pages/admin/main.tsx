// The operators' page: asks for the token of the API, keeps it for as long as this tab is open, and shows the network.

import { type JSX, render } from 'preact';
import { useState } from 'preact/hooks';
import { Mark } from '../look/icons.tsx';
import { Api, ApiError } from './model/api.ts';
import { Watch } from './model/watch.ts';
import { Admin } from './view/admin.tsx';

const TOKEN = 'chorus-token';

let watch: Watch | undefined;
let problem: string | undefined;
let awaits = false;

function changed(): void {
  if (awaits) return;
  awaits = true;
  if (document.hidden) setTimeout(draw, 1000);
  else requestAnimationFrame(draw);
}

function draw(): void {
  awaits = false;
  render(
    watch === undefined ? <Door enter={enter} /> : <Admin watch={watch} leave={leave} />,
    document.getElementById('app') as HTMLElement,
  );
}

async function enter(token: string): Promise<void> {
  const api = new Api(token);
  try {
    if (!/^[!-~]+$/.test(token)) throw new ApiError(401, 'this is no token');
    await api.servers();
    keep(token);
    look(api);
  } catch (error) {
    problem =
      error instanceof ApiError && error.status === 401
        ? 'The server does not know this token.'
        : (error as Error).message;
  }
  changed();
}

function look(api: Api): void {
  problem = undefined;
  watch = new Watch(api, changed, refused);
  watch.start();
  changed();
}

/** The token of this tab, where the browser keeps one. */
function kept(): string | null {
  try {
    return sessionStorage.getItem(TOKEN);
  } catch {
    return null;
  }
}

function keep(token: string | undefined): void {
  try {
    if (token === undefined) sessionStorage.removeItem(TOKEN);
    else sessionStorage.setItem(TOKEN, token);
  } catch {
    // It is asked for again.
  }
}

function refused(why: string): void {
  leave();
  problem = why;
  changed();
}

function leave(): void {
  watch?.stop();
  watch = undefined;
  problem = undefined;
  keep(undefined);
  changed();
}

function Door({ enter }: { readonly enter: (token: string) => Promise<void> }): JSX.Element {
  const [token, setToken] = useState('');
  const [busy, setBusy] = useState(false);
  const submit = async (event: Event): Promise<void> => {
    event.preventDefault();
    if (token.trim() === '' || busy) return;
    setBusy(true);
    await enter(token.trim());
    setBusy(false);
  };
  return (
    <main class="welcome">
      <form class="card" onSubmit={(event) => void submit(event)}>
        <h1>
          <Mark /> Chorus
        </h1>
        <p class="soft">For operators: the network as it is, and what can be done about it.</p>
        <label>
          Token of the API
          <input
            class="field"
            name="token"
            type="password"
            value={token}
            autoComplete="current-password"
            onInput={(event) => setToken(event.currentTarget.value)}
          />
        </label>
        <p class="hint">
          The server reads it from <code>--api-token-file</code> or <code>CHORUS_API_TOKEN</code>.
        </p>
        {problem !== undefined && (
          <p class="problem" role="alert">
            {problem}
          </p>
        )}
        <button class="button main" type="submit" disabled={busy || token.trim() === ''}>
          {busy ? 'Looking …' : 'Look'}
        </button>
      </form>
    </main>
  );
}

// Whoever was in looks on, also when the server does not answer just now.
const before = kept();
if (before === null) draw();
else look(new Api(before));

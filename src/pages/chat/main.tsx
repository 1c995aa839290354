// The web chat.

import { render } from 'preact';

render(<p>Chorus chat</p>, document.getElementById('app') as HTMLElement);

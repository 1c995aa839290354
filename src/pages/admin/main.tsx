// The web admin.

import { render } from 'preact';

render(<p>Chorus admin</p>, document.getElementById('app') as HTMLElement);

import { render } from 'preact';
import { Shell } from './app/shell';
import { startTheme } from './app/theme';
import { startTexts } from './text/text';

startTheme();
await startTexts();
render(<Shell />, document.getElementById('app')!);

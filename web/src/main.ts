import { html, render } from 'lit-html';

render(html`<h1>StudioX</h1>`, document.getElementById('app')!);

// The frame of every page: head, bar at the top, and the place for the content.

import { Html, html } from '../html.ts';
import { type AssetPath, assetUrl } from './assets.ts';
import { csrfField } from './forms.ts';
import { markdown } from './markdown.ts';

/** `auto` follows the browser. */
export type Theme = 'auto' | 'light' | 'dark';

/** What an operator gave the pages: a name, a logo and messages for everybody. */
export interface Look {
  readonly name: string;
  /** An address that a page may show. */
  readonly logo: string | undefined;
  /** With the little Markdown of markdown.ts. */
  readonly banners: readonly string[];
}

export const PLAIN_LOOK: Look = { name: 'Coder', logo: undefined, banners: [] };

export interface PageContent {
  /** The text of <title>; the page's own heading is part of `body`. */
  title: string;
  body: Html | ((look: Look) => Html);
  /** The masked token that forms and scripts of the page send back; error pages do without. */
  csrf?: string | undefined;
  /** Who is signed in: shown in the bar with a button to sign out. Needs `csrf`. */
  signedInAs?: string | undefined;
  theme?: Theme | undefined;
  wide?: boolean;
  script?: AssetPath;
}

const ICON =
  'data:image/svg+xml,%3Csvg xmlns=%27http://www.w3.org/2000/svg%27 viewBox=%270 0 16 16%27%3E%3Crect width=%2716%27 height=%2716%27 rx=%274%27 fill=%27%231d4fd7%27/%3E%3C/svg%3E';

const signOut = (username: string, csrf: string | undefined) => html`
<div class="who"><span>${username}</span>
<form method="post" action="/logout">${csrfField(csrf)}<button class="plain small">Sign out</button></form></div>`;

/** A whole document in a look. */
function render(content: PageContent, look: Look): Html {
  const { title, body, csrf, signedInAs, theme = 'auto', wide = false, script } = content;
  return html`<!doctype html>
<html lang="en" data-theme="${theme}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
${csrf !== undefined && html`<meta property="csrf-token" content="${csrf}">`}
<title>${title}</title>
<link rel="icon" href="${ICON}">
<link rel="stylesheet" href="${assetUrl('/assets/style.css')}">
${script !== undefined && html`<script src="${assetUrl(script)}" defer></script>`}
</head>
<body>
<header class="bar"><a class="brand" href="/">${look.logo !== undefined && html`<img src="${look.logo}" alt="">`}${look.name}</a>${signedInAs !== undefined && signOut(signedInAs, csrf)}</header>
${look.banners.map((message) => html`<aside class="banner" role="note">${markdown(message)}</aside>`)}
<main${wide && html` class="wide"`}>
${typeof body === 'function' ? body(look) : body}
</main>
</body>
</html>
`;
}

/** A page: plain as it is, and in the look that an operator gave the server. */
export class Page extends Html {
  readonly #content: PageContent;

  constructor(content: PageContent) {
    super(render(content, PLAIN_LOOK).text);
    this.#content = content;
  }

  in(look: Look): Html {
    return render(this.#content, look);
  }
}

/** A whole document. */
export const layout = (content: PageContent): Page => new Page(content);

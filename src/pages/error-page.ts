// What a browser shows when a login through an identity provider fails; sent with http/pages.ts.
import { type Html, html } from '../html.ts';
import { layout } from './layout.ts';
import { markdown } from './markdown.ts';

interface ErrorContent {
  title: string;
  /** A sentence; empty for none. */
  description: string;
  /** Shown instead of the description, with its Markdown. */
  markdown?: string | undefined;
}

/** A page with a heading, an explanation and the way back to signing in. Golden: sso/oidc-accounts */
export function errorPage({ title, description, markdown: text }: ErrorContent): Html {
  const explanation = text === undefined ? description !== '' && html`<p>${description}</p>` : markdown(text);
  return layout({
    title,
    body: html`<div class="card"><h1>${title}</h1>
${explanation}
<p class="below"><a href="/login">Back to signing in</a></p></div>`,
  });
}

/**
 * The body of an answer whose Location leads to the sign-in page but whose status is no redirect: browsers show it and do
 * not follow. Golden: sso/github-login
 */
export function backToLogin(location: string, description: string): Html {
  return html`<!doctype html>
<html>
<title lang="en">Not authorized</title>
<p lang="en">${description}</p>
<p lang="en"><a href="${location}">Back to signing in</a></p>
</html>
`;
}

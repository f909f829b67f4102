// The little Markdown that an operator may write into a message: paragraphs, emphasis, code and links.
import { Html, html } from '../html.ts';

/** Addresses that a link of a message may have; anything else stays text. */
const SAFE_ADDRESS = /^(https?:\/\/|mailto:|\/(?!\/))/i;

const INLINE =
  /`([^`]+)`|\*\*([^*]+(?:\*(?!\*)[^*]*)*)\*\*|__([^_]+)__|\*([^*\s][^*]*)\*|\b_([^_\s][^_]*)_\b|\[([^\]]+)\]\(([^()\s]+)\)|<(https?:\/\/[^\s<>]+)>|\\([\\`*_[\]()<>#])/g;

/** Patterns look far ahead for what ends a mark: a text beyond this is shown as it was written. */
const MAX_LENGTH = 4000;

function inline(text: string): Html[] {
  const parts: Html[] = [];
  let end = 0;
  for (const match of text.matchAll(INLINE)) {
    const [whole, code, strong, strong2, em, em2, label, address = '', url, escaped] = match;
    parts.push(html`${text.slice(end, match.index)}`);
    end = match.index + whole.length;
    const bold = strong ?? strong2;
    const slanted = em ?? em2;
    if (code !== undefined) parts.push(html`<code>${code}</code>`);
    else if (bold !== undefined) parts.push(html`<strong>${inline(bold)}</strong>`);
    else if (slanted !== undefined) parts.push(html`<em>${inline(slanted)}</em>`);
    else if (label !== undefined && SAFE_ADDRESS.test(address))
      parts.push(html`<a href="${address}" rel="noreferrer">${inline(label)}</a>`);
    else if (url !== undefined) parts.push(html`<a href="${url}" rel="noreferrer">${url}</a>`);
    else parts.push(html`${escaped ?? whole}`);
  }
  return [...parts, html`${text.slice(end)}`];
}

function block(text: string): Html {
  const heading = /^#{1,6}\s+(.*)$/s.exec(text)?.[1];
  if (heading !== undefined) return html`<h2>${inline(heading)}</h2>`;
  const lines = text.split('\n');
  const items = lines.map((line) => /^\s*[-*+]\s+(.*)$/.exec(line)?.[1]);
  if (items.every((item) => item !== undefined))
    return html`<ul>${items.map((item) => html`<li>${inline(item)}</li>`)}</ul>`;
  return html`<p>${inline(text)}</p>`;
}

/** Markdown as HTML in which nothing of the text is markup but what is described here. */
export function markdown(text: string): Html {
  if (text.length > MAX_LENGTH) return html`<p>${text}</p>`;
  const blocks = text
    .replaceAll('\r\n', '\n')
    .split(/\n\s*\n/)
    .map((part) => part.trim());
  return new Html(
    blocks
      .filter((part) => part !== '')
      .map((part) => block(part).text)
      .join('\n'),
  );
}

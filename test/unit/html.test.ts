// The template tag that every page is written with, and the scripts that pages load.
import { Script } from 'node:vm';
import { describe, expect, test } from 'vitest';
import { Html, html } from '../../src/html.ts';
import { copyScript, deviceScript } from '../../src/pages/scripts.ts';

describe('html', () => {
  test('markup in a value becomes text, in an element and in an attribute', () => {
    const name = `<script>alert("1")</script> & 'x'`;
    const escaped = '&lt;script&gt;alert(&quot;1&quot;)&lt;/script&gt; &amp; &#39;x&#39;';
    expect(String(html`<p title="${name}">${name}</p>`)).toBe(`<p title="${escaped}">${escaped}</p>`);
  });

  test('a template inside another one is markup and is not escaped twice', () => {
    expect(String(html`<ul>${html`<li>${'a & b'}</li>`}</ul>`)).toBe('<ul><li>a &amp; b</li></ul>');
  });

  test('lists follow one another, each item escaped on its own', () => {
    expect(String(html`${['<a>', html`<b>`, ['<c>', 4]]}`)).toBe('&lt;a&gt;<b>&lt;c&gt;4');
  });

  test('undefined, null and false leave nothing; zero and the empty text are themselves', () => {
    expect(String(html`[${undefined}${null}${false}]`)).toBe('[]');
    expect(String(html`[${0}${''}]`)).toBe('[0]');
  });

  test('an object that only looks like a template is refused rather than trusted', () => {
    const imposter = JSON.parse('{"text":"<script>"}') as string;
    expect(() => html`${imposter}`).toThrow();
  });

  test('entities in a value stay visible as written', () => {
    expect(String(html`${'&lt;'}`)).toBe('&amp;lt;');
    expect(String(new Html('&lt;'))).toBe('&lt;');
  });
});

test.each([
  ['copy.js', copyScript],
  ['device.js', deviceScript],
])('%s is a script that browsers can read', (_name, text) => {
  expect(() => new Script(text)).not.toThrow();
});

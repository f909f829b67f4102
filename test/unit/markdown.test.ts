import { describe, expect, it } from 'vitest';
import { markdown } from '../../src/pages/markdown.ts';

describe('markdown', () => {
  it.each([
    [
      'Ask **Helpdesk** at [the portal](https://help.test)',
      '<p>Ask <strong>Helpdesk</strong> at <a href="https://help.test" rel="noreferrer">the portal</a></p>',
    ],
    ['*soft* and `a < b`', '<p><em>soft</em> and <code>a &lt; b</code></p>'],
    [
      '# Sorry\n\nfirst\n\n- one\n- **two**',
      '<h2>Sorry</h2>\n<p>first</p>\n<ul><li>one</li><li><strong>two</strong></li></ul>',
    ],
    [
      '<https://help.test/?a=1&b=2>',
      '<p><a href="https://help.test/?a=1&amp;b=2" rel="noreferrer">https://help.test/?a=1&amp;b=2</a></p>',
    ],
    ['2 \\* 3 \\* 4', '<p>2 * 3 * 4</p>'],
    ['snake_case_stays and 2 * 3 * 4 too', '<p>snake_case_stays and 2 * 3 * 4 too</p>'],
    ['', ''],
  ])('%j', (text, expected) => {
    expect(markdown(text).text).toBe(expected);
  });

  it.each([
    '<script>alert(1)</script>',
    '<img src=x onerror=alert(1)>',
    '[click](javascript:alert(1))',
    '[click](data:text/html,x)',
    '[click](//evil.test)',
    '**<b onclick=x>**',
    '[a"onmouseover="x](https://a.test/"onmouseover="x)',
  ])('%j adds no markup of its own', (text) => {
    const html = markdown(text).text.replace(/<\/?(p|strong|em|code)>/g, '');
    expect(html.replace(/<a href="https:\/\/[^"]*" rel="noreferrer">|<\/a>/g, '')).not.toMatch(/[<>"]/);
  });

  it('shows a text of many pages as it was written, since patterns would look far ahead', () => {
    const text = '*a* '.repeat(1001);
    expect(markdown(text).text).toBe(`<p>${text}</p>`);
    expect(markdown(text.slice(4)).text).toContain('<em>a</em>');
  });
});

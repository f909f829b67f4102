// Markdown as plain text, as clients get it that show none.

/** The text without marks: `**x**` is `x`, `[l](u)` is `l (u)`. */
export function plainText(markdown: string): string {
  return markdown
    .replace(/!?\[([^[\]]*)\]\(([^()\s]*)\)/g, '$1 ($2)')
    .replace(/(\*\*|__)(?=\S)([^*_]*?\S)\1/g, '$2')
    .replace(/(?<![\w*])\*(?=\S)([^*\n]*?\S)\*(?![\w*])/g, '$1')
    .replace(/`([^`\n]+)`/g, '$1')
    .replace(/^#{1,6} +/gm, '');
}

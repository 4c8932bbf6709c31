// Raw HTML in Markdown.

// Bare tags that models put into Markdown for want of a sign of its own, as for a line break in a table.
const FORMATTING = /(<\/?(?:b|br|em|i|kbd|mark|s|strong|sub|sup|u) *\/?>)/i;

const escape = (text) => text.replace(/[&<>"']/g, (sign) => `&#${sign.charCodeAt(0)};`);

/**
 * HTML that shows `html` as it is written, and obeys no more of it than formatting: somebody who asks how to write a
 * script wants to read it. To sanitize it instead would swallow it, and even parsing it for that makes the browser
 * report what it blocks.
 */
export function asWritten(html) {
  return html.split(FORMATTING).map((part, i) => (i % 2 ? part : escape(part))).join('');
}

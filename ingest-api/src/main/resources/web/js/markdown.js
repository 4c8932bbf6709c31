// Markdown to safe HTML.

import { marked } from '../vendor/marked.esm.js';
import DOMPurify from '../vendor/purify.es.js';
import { asWritten } from './html.js';

marked.use({
  gfm: true,
  breaks: true,
  renderer: {
    html: ({ text, block }) => (block ? `<p>${asWritten(text.trim()).replaceAll('\n', '<br>')}</p>` : asWritten(text)),
  },
});

DOMPurify.addHook('afterSanitizeAttributes', (node) => {
  if (node.tagName === 'A') {
    node.setAttribute('target', '_blank');
    node.setAttribute('rel', 'noopener noreferrer nofollow');
  }
});

/** An answer may name pictures elsewhere; fetching one would tell its host who reads what. */
const FORBIDDEN = ['style', 'img', 'form', 'input', 'button', 'iframe', 'video', 'audio', 'svg', 'math'];

export function render(text) {
  return DOMPurify.sanitize(marked.parse(text), { FORBID_TAGS: FORBIDDEN, FORBID_ATTR: ['style', 'class', 'id'] });
}

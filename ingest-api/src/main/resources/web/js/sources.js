// What an answer draws on: the numbers in its text, the list below it, and the document behind each.

import * as api from './api.js';
import { citations, documentOf } from './citations.js';
import { render } from './markdown.js';

const element = (tag, className, text) => {
  const node = document.createElement(tag);
  if (className) node.className = className;
  if (text !== undefined) node.textContent = text;
  return node;
};

function cite(workspace, source, number) {
  const button = element('button', 'cite', String(number));
  button.title = source.title;
  button.setAttribute('aria-label', `Source ${number}: ${source.title}`);
  button.addEventListener('click', () => show(workspace, source));
  return button;
}

/** Makes the numbers in a rendered answer lead to their sources; code stays as it is. */
export function link(body, workspace, sources) {
  const walker = document.createTreeWalker(body, NodeFilter.SHOW_TEXT, (node) =>
    (node.parentElement.closest('pre, code, a') ? NodeFilter.FILTER_REJECT : NodeFilter.FILTER_ACCEPT));
  const texts = [];
  while (walker.nextNode()) {
    texts.push(walker.currentNode);
  }
  for (const text of texts) {
    const parts = citations(text.data, sources.length);
    if (parts.some((part) => typeof part === 'number')) {
      text.replaceWith(...parts.map((part) => (typeof part === 'number' ? cite(workspace, sources[part - 1], part) : part)));
    }
  }
}

/** The sources of an answer, by their numbers. */
export function box(workspace, sources) {
  const details = element('details', 'sources');
  details.dataset.testid = 'sources';
  details.append(element('summary', '', sources.length === 1 ? '1 source' : `${sources.length} sources`));
  const list = element('ol');
  for (const source of sources) {
    const item = element('li');
    const button = element('button', '', source.title);
    button.addEventListener('click', () => show(workspace, source));
    item.append(button);
    list.append(item);
  }
  details.append(list);
  return details;
}

/** Opens what is behind a source: the document as it is kept, and where it came from. */
async function show(workspace, source) {
  const dialog = document.getElementById('document');
  const text = dialog.querySelector('.body');
  const origin = dialog.querySelector('a');
  dialog.querySelector('h2').textContent = source.title;
  origin.hidden = !/^https?:/.test(source.uri ?? '');
  origin.href = origin.hidden ? '#' : source.uri;
  text.textContent = 'Loading…';
  dialog.showModal();
  const path = documentOf(source);
  try {
    if (!path) {
      throw new Error('This source has no document here.');
    }
    const kept = await api.kept(workspace, path);
    text.innerHTML = render(kept.text);
    const section = source.title.split(' › ').at(-1);
    const heading = [...text.querySelectorAll('h1, h2, h3, h4, h5, h6')].find((h) => h.textContent.trim() === section);
    heading?.scrollIntoView({ block: 'start' });
  } catch (problem) {
    text.textContent = problem.status === 404 ? 'This document has been deleted since.' : problem.message;
  }
}

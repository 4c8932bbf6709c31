// Draws messages. Only what changed is drawn again, at most once a frame.

import { render } from './markdown.js';
import * as sources from './sources.js';

const element = (tag, className, text) => {
  const node = document.createElement(tag);
  if (className) node.className = className;
  if (text !== undefined) node.textContent = text;
  return node;
};

const WORDS = {
  queued: 'waiting for its turn',
  cancelled: 'stopped',
  superseded: 'replaced by a newer answer',
  forgotten: 'taken back',
};

// Drawn rather than written: not every system has a font with these.
const THUMB_PATH = 'M7 11v9H3v-9zM7 11l4-8c1.500 0 2.500 1 2.500 2.500L13 9h6a2 2 0 0 1 2 2.300l-1.200 7A2 2 0 0 1 17.800 20H7';
const THUMB = `<svg viewBox="0 0 24 24" aria-hidden="true"><path d="${THUMB_PATH}"/></svg>`;
const THUMB_DOWN = `<svg viewBox="0 0 24 24" aria-hidden="true"><path transform="rotate(180 12 12)" d="${THUMB_PATH}"/></svg>`;

const WAITING = '<span class="typing" role="img" aria-label="The answer is being written"><i></i><i></i><i></i></span>';

export class MessageList {
  #list;
  #actions;
  #drawn = new Map();
  #wanted = null;
  #frame = 0;
  #workspace = '';

  constructor(list, actions) {
    this.#list = list;
    this.#actions = actions;
  }

  /** Shows a conversation's messages, whose sources are documents of `workspace`. */
  show(messages, workspace) {
    this.#wanted = messages;
    this.#workspace = workspace;
    if (!this.#frame) {
      this.#frame = requestAnimationFrame(() => {
        this.#frame = 0;
        this.#draw(this.#wanted);
        this.#actions.drawn();
      });
    }
  }

  #draw(messages) {
    const ids = new Set(messages.map((message) => message.id));
    for (const [id, { node }] of this.#drawn) {
      if (!ids.has(id)) {
        node.remove();
        this.#drawn.delete(id);
      }
    }
    messages.forEach((message, index) => {
      const drawn = this.#drawn.get(message.id);
      if (drawn?.message === message) {
        return;
      }
      const node = drawn?.node ?? element('li');
      this.#fill(node, message);
      if (this.#list.children[index] !== node) {
        this.#list.insertBefore(node, this.#list.children[index] ?? null);
      }
      this.#drawn.set(message.id, { node, message });
    });
  }

  #fill(node, message) {
    node.className = `${message.role} ${['superseded', 'forgotten'].includes(message.status) ? 'dim' : ''}`;
    node.dataset.testid = `message-${message.role}`;
    node.dataset.status = message.status;
    const parts = [];
    if (message.reasoning) {
      const thoughts = element('details', 'thoughts');
      thoughts.open = node.querySelector('.thoughts')?.open ?? false;
      thoughts.append(element('summary', '', 'Thoughts'), element('pre', '', message.reasoning));
      parts.push(thoughts);
    }
    const body = element('div', 'body');
    if (message.role === 'user') {
      body.textContent = message.content;
    } else if (message.content) {
      body.innerHTML = render(message.content);
      sources.link(body, this.#workspace, message.sources ?? []);
      if (message.status !== 'generating') {
        body.querySelectorAll('pre').forEach((pre) => this.#addCopy(pre));
      }
    } else if (message.status === 'generating') {
      body.innerHTML = WAITING;
    }
    parts.push(body);
    if (message.sources?.length) {
      const box = sources.box(this.#workspace, message.sources);
      box.open = node.querySelector('.sources')?.open ?? false;
      parts.push(box);
    }
    parts.push(this.#foot(message));
    node.replaceChildren(...parts);
  }

  #addCopy(pre) {
    const button = element('button', '', 'Copy');
    button.addEventListener('click', async () => {
      await navigator.clipboard.writeText(pre.querySelector('code')?.textContent ?? pre.textContent);
      button.textContent = 'Copied';
      setTimeout(() => (button.textContent = 'Copy'), 1500);
    });
    pre.append(button);
  }

  #foot(message) {
    const foot = element('div', 'foot');
    if (WORDS[message.status]) {
      foot.append(element('span', '', WORDS[message.status]));
    }
    if (message.error) {
      foot.append(element('span', 'problem', `${message.error.detail} (${message.error.code})`));
    }
    if (message.role === 'assistant' && ['completed', 'failed', 'cancelled'].includes(message.status)) {
      if (message.status === 'completed') {
        for (const [rating, sign, label] of [['up', THUMB, 'Good answer'], ['down', THUMB_DOWN, 'Bad answer']]) {
          const button = element('button');
          button.innerHTML = sign;
          button.setAttribute('aria-label', label);
          button.setAttribute('aria-pressed', String(message.feedback?.rating === rating));
          button.dataset.testid = `rate-${rating}`;
          button.addEventListener('click', () => this.#actions.rate(message, rating));
          foot.append(button);
        }
      }
      const again = element('button', '', 'Try again');
      again.dataset.testid = 'regenerate';
      again.addEventListener('click', () => this.#actions.regenerate(message));
      foot.append(again);
      const tokens = message.usage ? ` · ${message.usage.outputTokens} tokens` : '';
      if (message.model) {
        foot.append(element('span', '', `${message.model}${tokens}`));
      }
    }
    return foot;
  }
}

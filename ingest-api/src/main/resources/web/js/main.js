// The page: one open conversation, followed by its event stream; the list of all, followed by another.

import * as api from './api.js';
import { follow } from './feed.js';
import { fromSnapshot, reduce } from './conversation.js';
import { MessageList } from './view.js';

const $ = (id) => document.getElementById(id);
const THEME = 'parley.theme';
const draftKey = () => `parley.draft.${state?.id ?? 'new'}`;

let state = null;
let stopFollowing = () => {};
let conversations = [];
let nextPage;

const list = new MessageList($('list'), {
  drawn: () => stick(),
  rate: (message, rating) => attempt(() => api.rate(state.id, message.id, rating)),
  regenerate: (message) => attempt(() => api.regenerate(state.id, message.id)),
});

// Notices

function notice(text) {
  $('notice').textContent = text ?? '';
  $('notice').hidden = !text;
}

async function attempt(action) {
  try {
    notice();
    return await action();
  } catch (problem) {
    notice(problem.message);
    return undefined;
  }
}

// Scrolling: stays at the end while the reader is there, and only then.

let sticking = true;
const messages = $('messages');
messages.addEventListener('scroll', () => {
  sticking = messages.scrollHeight - messages.scrollTop - messages.clientHeight < 80;
  $('latest').hidden = sticking;
});
$('latest').addEventListener('click', () => {
  sticking = true;
  stick();
});
function stick() {
  if (sticking) {
    messages.scrollTop = messages.scrollHeight;
  }
}

// The open conversation

function show() {
  const open = state !== null;
  $('empty').hidden = open && state.messages.length > 0;
  $('title').textContent = open ? state.title || 'New conversation' : '';
  document.title = open && state.title ? `${state.title} · Parley` : 'Parley';
  $('menu').hidden = !open;
  const running = open && state.activeTurn !== null;
  $('stop').hidden = !running;
  $('busy').hidden = !running;
  list.show(open ? state.messages : [], open ? state.workspaceId : '');
}

function connection(how) {
  $('connection').dataset.state = how ?? '';
  $('connection').textContent = { live: 'live', reconnecting: 'reconnecting…', offline: 'offline' }[how] ?? '';
}

function apply(event) {
  if (event.type === 'feed.gap') {
    open(state.id);
    return;
  }
  const before = state;
  state = reduce(state, event);
  if (state.stale) {
    open(state.id);
    return;
  }
  if (state.deleted) {
    location.hash = '';
    return;
  }
  if (before.activeTurn && !state.activeTurn) {
    $('announce').textContent = event.type === 'message.completed' ? 'The answer is complete.' : 'The answer has ended.';
  }
  if (state !== before) {
    show();
  }
}

let openings = 0;

async function open(id) {
  // Who clicks faster than the server answers gets the last of these, and no more than one is followed.
  const opening = ++openings;
  stopFollowing();
  if (!id) {
    state = null;
    connection();
    show();
    restoreDraft();
    markCurrent();
    return;
  }
  try {
    const snapshot = await api.load(id);
    if (opening !== openings) {
      return;
    }
    state = fromSnapshot(snapshot);
    sticking = true;
    show();
    restoreDraft();
    markCurrent();
    notice();
    stopFollowing = follow(`/api/conversations/${encodeURIComponent(id)}/events`, snapshot.cursor, {
      onEvent: apply,
      onState: connection,
      onLost: (status) => (status === 400 ? open(id) : (location.hash = '')),
    });
  } catch (problem) {
    if (opening !== openings) {
      return;
    }
    if (problem.status === 404 || problem.status === 410) {
      location.hash = '';
      notice(problem.message);
    } else {
      notice(problem.message);
      connection('reconnecting');
      setTimeout(() => opening === openings && open(id), 2000);
    }
  }
}

const currentId = () => {
  const match = location.hash.match(/^#\/c\/(.+)$/);
  return match ? decodeURIComponent(match[1]) : null;
};

// The list of conversations

function markCurrent() {
  document.querySelectorAll('#conversations a').forEach((link) => {
    if (link.dataset.id === currentId()) link.setAttribute('aria-current', 'page');
    else link.removeAttribute('aria-current');
  });
}

function showList() {
  $('conversations').replaceChildren(...conversations.map(({ id, title }) => {
    const item = document.createElement('li');
    const link = document.createElement('a');
    link.href = `#/c/${encodeURIComponent(id)}`;
    link.dataset.id = id;
    link.textContent = title || 'New conversation';
    item.append(link);
    return item;
  }));
  $('more').hidden = !nextPage;
  markCurrent();
}

const without = (some, others) => some.filter(({ id }) => !others.some((other) => other.id === id));
const quietly = (action) => action().catch(() => undefined);

async function loadList(trying = attempt) {
  const before = conversations;
  const page = await trying(() => api.list());
  if (page) {
    // The stream may know of some that the read model did not have yet.
    const told = conversations.filter((conversation) => !before.includes(conversation));
    conversations = [...without(told, page.conversations), ...page.conversations];
    nextPage = page.next;
    showList();
  }
}

/** Puts a conversation in front that is of a later page of the list, or too new for the first. */
async function bringForward(id) {
  const found = await quietly(() => api.load(id));
  if (found) {
    conversations = [...without([{ id, title: found.title }], conversations), ...conversations];
    showList();
  }
}

function applyToList(event) {
  const known = conversations.find(({ id }) => id === event.conversationId);
  switch (event.type) {
    case 'conversation.created':
      if (!known) {
        conversations = [{ id: event.conversationId, title: event.title }, ...conversations];
        showList();
      }
      break;
    case 'conversation.renamed':
      conversations = conversations.map((c) => (c === known ? { ...c, title: event.title } : c));
      showList();
      break;
    case 'conversation.deleted':
      conversations = conversations.filter((c) => c !== known);
      showList();
      break;
    case 'message.accepted':
      if (!known) {
        bringForward(event.conversationId);
      } else if (conversations[0] !== known) {
        conversations = [known, ...conversations.filter((c) => c !== known)];
        showList();
      }
      break;
    case 'feed.gap':
      loadList();
      break;
    default:
  }
}

// Writing

const input = $('input');
function grow() {
  input.style.height = 'auto';
  input.style.height = `${Math.min(input.scrollHeight, innerHeight * 0.4)}px`;
}
function restoreDraft() {
  input.value = sessionStorage.getItem(draftKey()) ?? '';
  grow();
}
input.addEventListener('input', () => {
  sessionStorage.setItem(draftKey(), input.value);
  grow();
});
input.addEventListener('keydown', (event) => {
  // While an input method composes, Enter is its own.
  if (event.key === 'Enter' && !event.shiftKey && !event.isComposing) {
    event.preventDefault();
    $('composer').requestSubmit();
  }
});

const titleOf = (text) => {
  const line = text.trim().split('\n', 1)[0];
  // By code points: half of an emoji is no text.
  const points = [...line];
  return points.length > 60 ? `${points.slice(0, 57).join('')}…` : line;
};

$('composer').addEventListener('submit', async (event) => {
  event.preventDefault();
  const content = input.value;
  if (!content.trim() || $('send').disabled) {
    return;
  }
  const onBusy = state?.activeTurn ? $('busy').value : 'enqueue';
  $('send').disabled = true;
  try {
    notice();
    let id = state?.id;
    if (!id) {
      id = (await api.create(titleOf(content))).id;
    }
    await api.send(id, content, onBusy);
    sessionStorage.removeItem(draftKey());
    input.value = '';
    grow();
    sticking = true;
    if (id !== state?.id) {
      location.hash = `#/c/${encodeURIComponent(id)}`;
    }
  } catch (problem) {
    notice(problem.message);
  } finally {
    $('send').disabled = false;
    input.focus();
  }
});
$('stop').addEventListener('click', () => attempt(() => api.cancel(state.id)));

// Questions that the documentation in this server's own workspace answers, where it is there.
quietly(() => api.documents('parley-docs')).then((page) => ($('suggestions').hidden = !page?.documents?.length));
$('suggestions').addEventListener('click', (event) => {
  if (event.target.matches('button')) {
    input.value = event.target.textContent;
    $('composer').requestSubmit();
  }
});

// Menus

$('new').addEventListener('click', () => {
  location.hash = '';
  closeDrawer();
  input.focus();
});
$('rename').addEventListener('click', async () => {
  $('menu').open = false;
  const title = prompt('A title for this conversation', state.title);
  if (title?.trim()) {
    await attempt(() => api.rename(state.id, title.trim()));
  }
});
$('delete').addEventListener('click', async () => {
  $('menu').open = false;
  if (confirm('Delete this conversation?')) {
    const { id } = state;
    await attempt(() => api.remove(id));
    conversations = conversations.filter((conversation) => conversation.id !== id);
    showList();
    location.hash = '';
  }
});
document.querySelectorAll('[data-export]').forEach((link) => {
  link.href = '#';
  link.addEventListener('click', (event) => {
    event.preventDefault();
    $('menu').open = false;
    attempt(() => api.download(state.id, link.dataset.export));
  });
});
document.addEventListener('click', (event) => {
  if (!$('menu').contains(event.target)) {
    $('menu').open = false;
  }
});
$('more').addEventListener('click', async () => {
  const page = await attempt(() => api.list(nextPage));
  if (page) {
    conversations = [...conversations, ...without(page.conversations, conversations)];
    nextPage = page.next;
    showList();
  }
});
const closeDrawer = () => {
  document.body.classList.remove('drawer-open');
  $('scrim').hidden = true;
};
$('drawer').addEventListener('click', () => {
  document.body.classList.add('drawer-open');
  $('scrim').hidden = false;
});
$('scrim').addEventListener('click', closeDrawer);
document.addEventListener('keydown', (event) => event.key === 'Escape' && closeDrawer());

const theme = localStorage.getItem(THEME);
if (theme) {
  document.documentElement.dataset.theme = theme;
}
$('theme').addEventListener('click', () => {
  const dark = document.documentElement.dataset.theme
    ? document.documentElement.dataset.theme === 'dark'
    : matchMedia('(prefers-color-scheme: dark)').matches;
  document.documentElement.dataset.theme = dark ? 'light' : 'dark';
  localStorage.setItem(THEME, document.documentElement.dataset.theme);
});

addEventListener('hashchange', () => {
  closeDrawer();
  open(currentId());
});

await loadList();
follow('/api/events', undefined, {
  onEvent: applyToList,
  // Once more: what happened before the stream was there, it does not tell.
  onState: (how) => how === 'live' && loadList(quietly),
  onLost: () => loadList(),
});
await open(currentId());

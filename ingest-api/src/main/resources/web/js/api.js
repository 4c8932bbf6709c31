// The native API. Errors are thrown as Problem, with words for a person.

const KEY = 'parley.apiKey';

export class Problem extends Error {
  constructor(status, body) {
    const where = body?.field ? `${body.field}: ` : '';
    super(where + (body?.detail ?? `the server answered ${status}`));
    this.status = status;
    this.code = body?.code ?? 'unknown';
  }
}

export const key = () => sessionStorage.getItem(KEY);
export const setKey = (value) => sessionStorage.setItem(KEY, value);

export function headers(extra = {}) {
  return key() ? { ...extra, Authorization: `Bearer ${key()}` } : extra;
}

async function call(method, path, body, extra) {
  let response;
  try {
    response = await fetch(path, {
      method,
      headers: headers({ ...(body === undefined ? {} : { 'Content-Type': 'application/json' }), ...extra }),
      body: body === undefined ? undefined : JSON.stringify(body),
    });
  } catch {
    throw new Problem(0, { code: 'offline', detail: 'The server cannot be reached.' });
  }
  if (response.status === 401) {
    const given = prompt('This server asks for an API key.');
    if (given) {
      setKey(given.trim());
      return call(method, path, body, extra);
    }
  }
  const answer = response.status === 204 ? null : await response.json().catch(() => null);
  if (!response.ok) {
    throw new Problem(response.status, answer);
  }
  return answer;
}

const conversationPath = (id) => `/api/conversations/${encodeURIComponent(id)}`;

/** Sends a request that may be repeated, again and again while the network is away. */
async function insistently(attempt, tries = 5) {
  for (let i = 1; ; i++) {
    try {
      return await attempt();
    } catch (problem) {
      if (i === tries || !(problem.status === 0 || problem.status === 503)) {
        throw problem;
      }
      await new Promise((resolve) => setTimeout(resolve, 400 * i));
    }
  }
}

export const list = (before) =>
  call('GET', `/api/conversations?limit=40${before ? `&before=${encodeURIComponent(before)}` : ''}`);
export const load = (id) => call('GET', conversationPath(id));
export const create = (title) => {
  const id = `conv_${crypto.randomUUID().replaceAll('-', '').slice(0, 20)}`;
  return insistently(() => call('POST', '/api/conversations', { id, title }));
};
export const rename = (id, title) => call('PATCH', conversationPath(id), { title });
export const remove = (id) => call('DELETE', conversationPath(id));
export const cancel = (id) => call('POST', `${conversationPath(id)}/cancel`, {});
export const rate = (id, messageId, rating) =>
  call('POST', `${conversationPath(id)}/messages/${encodeURIComponent(messageId)}/feedback`, { rating });
export const regenerate = (id, messageId) =>
  call('POST', `${conversationPath(id)}/messages/${encodeURIComponent(messageId)}/regenerate`, {});
export const send = (id, content, onBusy) => {
  const idempotencyKey = crypto.randomUUID();
  return insistently(() =>
    call('POST', `${conversationPath(id)}/messages`, { content, onBusy }, { 'Idempotency-Key': idempotencyKey }));
};

export const documents = (workspace) => call('GET', `/api/workspaces/${encodeURIComponent(workspace)}/documents?limit=1`);
export const kept = (workspace, path) =>
  call('GET', `/api/workspaces/${encodeURIComponent(workspace)}/documents/${path.split('/').map(encodeURIComponent).join('/')}`);

export async function download(id, format) {
  const response = await fetch(`${conversationPath(id)}/export?format=${format}`, { headers: headers() });
  if (!response.ok) {
    throw new Problem(response.status, await response.json().catch(() => null));
  }
  const link = document.createElement('a');
  link.href = URL.createObjectURL(await response.blob());
  link.download = `${id.replaceAll(':', '_')}.${format}`;
  link.click();
  URL.revokeObjectURL(link.href);
}

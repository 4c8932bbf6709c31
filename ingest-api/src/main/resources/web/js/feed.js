// An event stream that goes on by itself. Read with fetch rather than EventSource, which can send no key.

import { headers } from './api.js';

/** Splits a stream of text into server-sent events. Pure, for testing: feed it pieces, get events. */
export class SseParser {
  #rest = '';
  #id = '';
  #type = '';
  #data = [];

  /** The events that `piece` completes. */
  push(piece) {
    const events = [];
    this.#rest += piece;
    // A CR at the very end may be half of a CRLF.
    let end;
    while ((end = this.#rest.search(/\r\n|\n|\r(?!$)/)) >= 0) {
      const line = this.#rest.slice(0, end);
      this.#rest = this.#rest.slice(end + (this.#rest.startsWith('\r\n', end) ? 2 : 1));
      const event = this.#line(line);
      if (event) {
        events.push(event);
      }
    }
    return events;
  }

  #line(line) {
    if (line === '') {
      const event = this.#data.length ? { id: this.#id, type: this.#type || 'message', data: this.#data.join('\n') } : null;
      this.#type = '';
      this.#data = [];
      return event;
    }
    const colon = line.indexOf(':');
    const field = colon < 0 ? line : line.slice(0, colon);
    const value = colon < 0 ? '' : line.slice(line[colon + 1] === ' ' ? colon + 2 : colon + 1);
    if (field === 'id') this.#id = value;
    else if (field === 'event') this.#type = value;
    else if (field === 'data') this.#data.push(value);
    return null;
  }
}

/** Heartbeats come every 15 s: a stream that says nothing for this long is dead, whatever the network thinks. */
const SILENCE_MILLIS = 40_000;

/**
 * Follows `path` from `cursor` on until closed. `onState` hears 'live', 'reconnecting' and 'offline'; `onEvent` gets each
 * event once. A cursor that the server refuses is reported by `onLost`, since only a fresh snapshot can help then.
 */
export function follow(path, cursor, { onEvent, onState, onLost }) {
  let lastId = cursor;
  let closed = false;
  let abort = new AbortController();
  let failures = 0;
  let wake = () => {};

  async function read() {
    abort = new AbortController();
    const url = lastId === undefined ? path : `${path}?cursor=${encodeURIComponent(lastId)}`;
    const response = await fetch(url, { headers: headers({ Accept: 'text/event-stream' }), signal: abort.signal });
    if (response.status >= 400 && response.status < 500 && response.status !== 429) {
      closed = true;
      onLost(response.status);
      return;
    }
    if (!response.ok) {
      throw new Error(`status ${response.status}`);
    }
    onState('live');
    failures = 0;
    const parser = new SseParser();
    const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
    for (;;) {
      const silence = setTimeout(() => abort.abort(), SILENCE_MILLIS);
      const { value, done } = await reader.read().finally(() => clearTimeout(silence));
      if (done || closed) {
        return;
      }
      for (const event of parser.push(value)) {
        lastId = event.id;
        onEvent(JSON.parse(event.data));
      }
    }
  }

  (async () => {
    while (!closed) {
      try {
        await read();
      } catch {
        // Cut: go on from the last event seen.
      }
      if (closed) {
        return;
      }
      onState(navigator.onLine ? 'reconnecting' : 'offline');
      const pause = Math.min(10_000, 300 * 2 ** Math.min(failures++, 5));
      await new Promise((resolve) => {
        wake = resolve;
        setTimeout(resolve, pause);
      });
    }
  })();

  const online = () => wake();
  const offline = () => {
    onState('offline');
    abort.abort();
  };
  addEventListener('online', online);
  addEventListener('offline', offline);
  return () => {
    closed = true;
    removeEventListener('online', online);
    removeEventListener('offline', offline);
    abort.abort();
    wake();
  };
}

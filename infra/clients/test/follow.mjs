// A reader of a conversation's event stream, by the `eventsource` package.
import { EventSource } from 'eventsource';

const TYPES = [
  'message.accepted', 'turn.started', 'turn.routed', 'turn.retrieved', 'message.started', 'message.delta', 'tool.arguments',
  'message.reset', 'message.snapshot', 'message.completed', 'turn.failed', 'turn.cancelled', 'feed.gap',
];

/** Follows one conversation as a page would; `shown` is what it shows. */
export function follow(base, conversation, cursor) {
  const view = { shown: '', calls: {}, completed: undefined, events: [], opened: 0, lost: 0, cursor: undefined };
  const source = new EventSource(
    `${base}/api/conversations/${conversation}/events${cursor === undefined ? '' : `?cursor=${cursor}`}`);
  source.onopen = () => view.opened++;
  source.onerror = () => view.lost++;
  for (const type of TYPES) {
    source.addEventListener(type, event => {
      const data = JSON.parse(event.data);
      view.events.push(type);
      view.cursor = event.lastEventId;
      if (type === 'message.delta') view.shown += data.text ?? '';
      if (type === 'tool.arguments') view.calls[data.toolCallId] = (view.calls[data.toolCallId] ?? '') + data.arguments;
      if (type === 'message.reset') Object.assign(view, { shown: '', calls: {} });
      if (type === 'message.snapshot') view.shown = data.text;
      if (type === 'message.completed') {
        // What was shown is a beginning of the answer; after a pause, its end may come in one piece.
        view.wasBeginning = data.content.startsWith(view.shown);
        view.completed = view.shown = data.content;
      }
    });
  }
  view.close = () => source.close();
  return view;
}

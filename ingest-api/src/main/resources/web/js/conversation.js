// What is shown of a conversation: a pure function of its snapshot and the events since.

/** The state that a snapshot stands for. */
export function fromSnapshot(snapshot) {
  return {
    id: snapshot.id,
    title: snapshot.title ?? '',
    workspaceId: snapshot.workspaceId,
    deleted: false,
    activeTurn: snapshot.activeTurn?.turnId ?? null,
    messages: snapshot.messages.map((message) => ({ ...message, attempt: 0, nextSeq: 0, reasoning: message.reasoning ?? '' })),
  };
}

const blank = (id, turnId, role) => ({
  id, turnId, role, content: '', reasoning: '', status: 'generating', attempt: 0, nextSeq: 0, sources: [],
});

function change(state, id, changes) {
  return { ...state, messages: state.messages.map((m) => (m.id === id ? { ...m, ...changes(m) } : m)) };
}

/** Adds a message where it is not there yet. */
function ensure(state, message) {
  return state.messages.some((m) => m.id === message.id)
    ? state
    : { ...state, messages: [...state.messages, message] };
}

/** The state after an event. Repeats, and deltas of an attempt that is not current, change nothing. */
export function reduce(state, event) {
  const id = event.messageId;
  switch (event.type) {
    case 'message.accepted':
      return ensure(state, { ...blank(id, event.turnId, event.role), content: event.content, status: 'queued' });
    case 'message.rejected':
      return change(state, id, () => ({ status: 'failed', error: { code: event.code, detail: event.detail } }));
    case 'turn.started': {
      const next = change(onBranch(state, event), event.userMessageId, () => ({ status: 'accepted' }));
      return ensure({ ...next, activeTurn: event.turnId }, blank(id, event.turnId, 'assistant'));
    }
    case 'branch.changed':
      return { ...state, stale: true };
    case 'turn.retrieved':
      return change(state, id, () => ({ sources: event.sources }));
    case 'message.started':
      return change(ensure(state, blank(id, event.turnId, 'assistant')), id, (m) =>
        event.attempt > m.attempt
          ? { attempt: event.attempt, nextSeq: 0, content: '', reasoning: '', engine: event.engine, model: event.model, status: 'generating' }
          : {});
    case 'message.reset':
      return change(state, id, (m) =>
        event.attempt > m.attempt ? { attempt: event.attempt, nextSeq: 0, content: '', reasoning: '' } : {});
    case 'message.delta':
    case 'tool.arguments': // Shown by nobody yet; it counts.
      return change(state, id, (m) =>
        event.attempt === m.attempt && event.seq === m.nextSeq
          ? { nextSeq: m.nextSeq + 1, content: m.content + (event.text ?? ''), reasoning: m.reasoning + (event.reasoning ?? '') }
          : {});
    case 'message.snapshot':
      return change(ensure(state, blank(id, event.turnId, 'assistant')), id, (m) =>
        event.attempt > m.attempt || event.seq >= m.nextSeq
          ? { attempt: event.attempt, nextSeq: event.seq + 1, content: event.text, reasoning: event.reasoning ?? '' }
          : {});
    case 'message.completed':
      return ended(change(state, id, () => ({
        status: 'completed', content: event.content, reasoning: event.reasoning ?? '', sources: event.sources,
        usage: event.usage, engine: event.engine, model: event.model, finishReason: event.finishReason,
      })), event);
    case 'turn.failed':
      return ended(change(state, id, () => ({
        status: 'failed', content: event.content ?? '', error: { code: event.code, detail: event.detail }, usage: event.usage,
      })), event);
    case 'turn.cancelled': {
      const status = event.forgotten ? 'forgotten' : 'cancelled';
      let next = change(state, id, () => ({ status, content: event.content ?? '', usage: event.usage }));
      if (event.forgotten || !next.messages.some((m) => m.id === id)) {
        next = change(next, event.userMessageId, () => ({ status }));
      }
      return ended(next, event);
    }
    case 'conversation.renamed':
      return { ...state, title: event.title };
    case 'conversation.deleted':
      return { ...state, deleted: true };
    case 'feedback.recorded':
      return change(state, id, () => ({ feedback: { rating: event.rating } }));
    default:
      return state;
  }
}

/**
 * What is shown once a turn has begun: its question comes after `event.after`, or first, and what followed that before is on
 * another branch. Where the page does not show that message, only a fresh snapshot can help.
 */
function onBranch(state, event) {
  if (event.after === undefined || state.messages.some((m) => m.id === event.messageId)) {
    return state;
  }
  const end = state.messages.findIndex((m) => m.id === event.after) + 1;
  const question = state.messages.find((m) => m.id === event.userMessageId);
  if (!question || (event.after !== null && end === 0)) {
    return { ...state, stale: true };
  }
  const beside = state.messages.slice(end).filter((m) => m.id !== question.id && isBeside(m));
  const waiting = beside.filter((m) => m.status === 'queued');
  return {
    ...state,
    messages: [
      ...state.messages.slice(0, end).filter((m) => m.id !== question.id),
      ...beside.filter((m) => m.status !== 'queued'),
      question,
      blank(event.messageId, event.turnId, 'assistant'),
      ...waiting,
    ],
  };
}

/** Whether a message is shown although nothing follows it: one that waits, was refused, called off or taken back. */
const isBeside = (m) => m.status === 'forgotten' || (m.role === 'user' && ['queued', 'failed', 'cancelled'].includes(m.status));

function ended(state, event) {
  return state.activeTurn === event.turnId ? { ...state, activeTurn: null } : state;
}

// What the tests of the clients share: a server's address, scripts for the model behind it, and ways to break a connection.
import net from 'node:net';

export const url = process.env.PARLEY_URL ?? 'http://127.0.0.1:8080';

/** A message that makes the scripted model behind the server say exactly these tokens. */
export function script(tokens, more = {}) {
  return `script ${JSON.stringify({ tokens, paceMillis: 15, ...more })}`;
}

/** A message that makes it say what it was told, for `told`. */
export const heard = `script ${JSON.stringify({ heard: true })}`;

/** What the model was told was said before `heard`, as `role: text`. */
export const told = answer => JSON.parse(answer)
  .slice(0, -1)
  .filter(([role]) => role !== 'system')
  .map(([role, said]) => `${role}: ${said}`);

/** Twelve words, each a token. */
export const words = Array.from({ length: 12 }, (_, i) => `word${i} `);
export const text = words.join('');

/** What tends to be mangled on the way: line ends, halves of an emoji, controls, separators. */
export const tricky = ['Line', '\n', '', 'two', '\ud83d', '\ude00', '\r', '\r\n', '\u0000', '\u2028', '\u2029', '\ufeff', ' "end"\\'];
export const trickyText = tricky.join('');

let ids = 0;

/** An id that no other test uses. */
export function freshId(prefix = 'chat') {
  return `${prefix}-${process.pid}-${Date.now().toString(36)}-${ids++}`;
}

export async function getJson(path) {
  const response = await fetch(url + path);
  if (!response.ok) throw new Error(`${path}: ${response.status} ${await response.text()}`);
  return response.json();
}

/** Waits until `condition` gives something truthy, and returns it. */
export async function until(condition, what = 'it', limitMillis = 20_000) {
  const deadline = Date.now() + limitMillis;
  let last;
  while (Date.now() < deadline) {
    last = await condition();
    if (last) return last;
    await new Promise(resolve => setTimeout(resolve, 10));
  }
  throw new Error(`${what} did not come within ${limitMillis} ms`);
}

/** A conversation's messages once none is being answered any more. */
export async function settled(conversation) {
  return until(async () => {
    const response = await fetch(`${url}/api/conversations/${conversation}`);
    if (response.status === 404) return undefined;
    const snapshot = await response.json();
    const open = snapshot.messages.some(m => m.status === 'generating' || m.status === 'queued');
    return !snapshot.activeTurn && !open && snapshot.messages.length > 1 ? snapshot.messages : undefined;
  }, `the end of ${conversation}`);
}

/** The events of a stream as they come: each with its id, where it has one, and its data as JSON. */
export async function* eventsOf(response) {
  if (response.body === null) return;
  let rest = '';
  for await (const chunk of response.body.pipeThrough(new TextDecoderStream())) {
    const frames = (rest + chunk).split('\n\n');
    rest = frames.pop();
    for (const frame of frames) {
      const lines = frame.split('\n');
      const data = lines.find(line => line.startsWith('data: '));
      if (data) yield { id: lines.find(line => line.startsWith('id: '))?.slice(4), json: JSON.parse(data.slice(6)) };
    }
  }
}

/**
 * A proxy in front of the server that breaks connections in the middle of an answer.
 *
 * The first `times` connections on which `mark` was seen `count` times in what the server sent are cut right there; all
 * others are left alone. `count` 0 cuts before a single byte of the answer.
 */
export async function cuttingProxy({ mark = '\n\n', count, times = 1 }) {
  const upstream = new URL(url);
  let cuts = 0;
  const sockets = new Set();
  const server = net.createServer(client => {
    const target = net.connect(Number(upstream.port), upstream.hostname);
    for (const socket of [client, target]) {
      sockets.add(socket);
      socket.on('error', () => {});
      socket.on('close', () => {
        sockets.delete(socket);
        client.destroy();
        target.destroy();
      });
    }
    client.on('data', bytes => {
      // Without compression, so that marks can be seen; and under the server's own name.
      target.write(Buffer.from(
        bytes.toString('latin1')
          .replace(/^sec-websocket-extensions:.*\r\n/im, '')
          .replace(`127.0.0.1:${server.address().port}`, upstream.host),
        'latin1'));
    });
    let seen = 0;
    let tail = '';
    target.on('data', bytes => {
      if (cuts >= times) {
        client.write(bytes);
        return;
      }
      const data = tail + bytes.toString('latin1');
      let at = tail.length;
      let from = 0;
      while (seen < count) {
        const found = data.indexOf(mark, from);
        if (found < 0) break;
        from = found + mark.length;
        seen++;
      }
      if (seen >= count) {
        cuts++;
        client.write(bytes.subarray(0, Math.max(0, from - at)), () => client.destroy());
        return;
      }
      client.write(bytes);
      tail = data.slice(Math.max(from, data.length - mark.length + 1));
    });
  });
  await new Promise(resolve => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${server.address().port}`,
    get cuts() { return cuts; },
    async close() {
      sockets.forEach(socket => socket.destroy());
      await new Promise(resolve => server.close(resolve));
    },
  };
}

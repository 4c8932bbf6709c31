// Proxies in front of a server, on ports of their own. Each gives its `url`, and takes its connections with it when it closes.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import net from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import compression from 'compression';
import expressApp from 'express';
import { createProxyMiddleware } from 'http-proxy-middleware';
import { until } from './support.mjs';

// Debian keeps servers where only root's path leads.
const searched = `${process.env.PATH}:/usr/sbin:/usr/local/sbin`;

/** Whether a program can be tried here. What is missing fails where everything has to be tried. */
export function isHere(program) {
  return Boolean(process.env.CI) || searched.split(':').some(folder => existsSync(path.join(folder, program)));
}

/** Express's own middleware, as dev servers and frameworks have it: it compresses whatever it may. */
export async function express(upstream) {
  const app = expressApp();
  const proxy = createProxyMiddleware({ target: upstream, changeOrigin: true });
  app.use(compression());
  app.use(proxy);
  const server = await new Promise(resolve => { const listening = app.listen(0, '127.0.0.1', () => resolve(listening)); });
  server.on('upgrade', proxy.upgrade);
  return {
    url: `http://127.0.0.1:${server.address().port}`,
    close() {
      server.closeAllConnections();
      server.close();
    },
  };
}

/**
 * nginx with the settings that Debian installs, and nothing told of streams. Web sockets it passes on only if it is told to,
 * in the way of its own documentation.
 *
 * @param patience seconds of silence, where not the default
 */
export function nginx(upstream, { patience } = {}) {
  return served('nginx', folder => ['-e', 'stderr', '-p', folder, '-c', `${folder}/front.conf`], (port, folder) => `
    daemon off;
    master_process off;
    pid ${folder}/nginx.pid;
    error_log stderr;
    events { worker_connections 768; }
    http {
      sendfile on;
      tcp_nopush on;
      types_hash_max_size 2048;
      default_type application/octet-stream;
      access_log off;
      gzip on;
      ${['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map(kind => `${kind}_temp_path ${folder}/${kind};`).join(' ')}
      ${patience === undefined ? '' : `proxy_read_timeout ${patience}s; proxy_send_timeout ${patience}s; send_timeout ${patience}s;`}
      server {
        listen 127.0.0.1:${port};
        location / { proxy_pass ${upstream}; }
        location /ws {
          proxy_pass ${upstream};
          proxy_http_version 1.1;
          proxy_set_header Upgrade $http_upgrade;
          proxy_set_header Connection "upgrade";
        }
      }
    }`);
}

/**
 * HAProxy with the defaults that Debian installs, and its compression switched on.
 *
 * @param patience seconds of silence, where not the default
 */
export function haproxy(upstream, { patience = 50 } = {}) {
  return served('haproxy', folder => ['-db', '-f', `${folder}/front.conf`], port => `
    defaults
      mode http
      option dontlognull
      timeout connect 5000
      timeout client ${patience}s
      timeout server ${patience}s
    frontend front
      bind 127.0.0.1:${port}
      default_backend parley
    backend parley
      compression algo gzip
      server parley ${new URL(upstream).host}
    `.replaceAll(/^ {4}/gm, ''));
}

async function served(program, command, configuration) {
  const folder = await mkdtemp(path.join(tmpdir(), 'front-'));
  const port = await freePort();
  await writeFile(path.join(folder, 'front.conf'), configuration(port, folder));
  const child = spawn(program, command(folder), {
    stdio: ['ignore', 'ignore', 'pipe'], env: { ...process.env, PATH: searched } });
  let printed = '';
  let ended;
  child.stderr.on('data', bytes => { printed += bytes; });
  const end = new Promise(resolve => {
    child.on('error', error => resolve(ended = error.message));
    child.on('close', status => resolve(ended = `ended with ${status}`));
  });
  const front = {
    url: `http://127.0.0.1:${port}`,
    async close() {
      child.kill('SIGKILL');
      await end;
      await rm(folder, { recursive: true, force: true });
    },
  };
  try {
    await until(async () => {
      assert.equal(ended, undefined, `${program}: ${printed}`);
      return accepts(port);
    }, program);
  } catch (error) {
    await front.close();
    throw error;
  }
  return front;
}

function accepts(port) {
  return new Promise(resolve => {
    const socket = net.connect(port, '127.0.0.1', () => resolve(true));
    socket.on('error', () => resolve(false));
    socket.on('connect', () => socket.destroy());
  });
}

async function freePort() {
  const server = net.createServer();
  await new Promise(resolve => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address();
  await new Promise(resolve => server.close(resolve));
  return port;
}

// Starts the plugin as a process and speaks the protocol with it: node --test

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';

const PLUGIN = fileURLToPath(new URL('plugin.mjs', import.meta.url));

/** The plugin, as the host sees it. */
class Host {
  constructor() {
    this.folder = mkdtempSync(join(tmpdir(), 'folder-node-'));
    this.process = spawn(process.execPath, [PLUGIN], { stdio: 'pipe', timeout: 30_000 });
    this.stderr = '';
    this.process.stderr.on('data', (text) => (this.stderr += text));
    this.exited = once(this.process, 'exit');
    this.heard = this.#messages();
  }

  static async start() {
    const host = new Host();
    host.manifest = (await host.ask({ type: 'hello', protocol: 1 })).manifest;
    const ready = await host.ask({ type: 'configure', config: { folder: host.folder }, secrets: {} });
    assert.deepEqual(ready, { type: 'ready' });
    return host;
  }

  async *#messages() {
    let unread = Buffer.alloc(0);
    for await (const chunk of this.process.stdout) {
      unread = Buffer.concat([unread, chunk]);
      while (unread.length >= 4 && unread.length >= 4 + unread.readUInt32BE()) {
        const end = 4 + unread.readUInt32BE();
        const body = unread.subarray(4, end);
        unread = unread.subarray(end);
        yield JSON.parse(body);
      }
    }
  }

  say(message) {
    const body = Buffer.from(JSON.stringify(message));
    const header = Buffer.alloc(4);
    header.writeUInt32BE(body.length);
    this.process.stdin.write(Buffer.concat([header, body]));
  }

  async hear() {
    return (await this.heard.next()).value;
  }

  ask(message) {
    this.say(message);
    return this.hear();
  }

  /** Makes one call; gives its result or its error's class. */
  async call(type, request, timeout_ms = 10_000) {
    let answer = await this.ask({ type, id: 1, timeout_ms, request, new: [1] });
    while (answer.type === 'log') {
      assert.ok(!answer.text.includes('g-'));
      answer = await this.hear();
    }
    assert.equal(answer.id, 1);
    return answer.result ?? answer.error.class;
  }

  put(...names) {
    for (const name of names) writeFileSync(join(this.folder, `${name}.json`), '{}');
  }

  left() {
    return readdirSync(this.folder).sort();
  }

  /** Lets it end, and sees that it was silent. */
  async end(last = () => this.process.stdin.end()) {
    last();
    assert.deepEqual(await this.exited, [0, null]);
    assert.equal(this.stderr, '');
    assert.equal((await this.heard.next()).done, true);
    rmSync(this.folder, { recursive: true });
  }
}

const about = (...ids) => ({
  erasure: 'e',
  idempotency_key: 'k',
  scope: 'guest',
  identifiers: ids.map((value) => ({ kind: 'guest_id', value })),
});

test('what is there is counted, erased and looked for again', async () => {
  const host = await Host.start();
  host.put('g-7', 'g_8', 'other');
  const two = { files: 2 };
  const dry = { ...about('g-7', 'g_8'), dry_run: true };
  assert.deepEqual(await host.call('erase', dry), { outcome: 'residual', counts: two });
  assert.deepEqual(await host.call('verify', about('g-7', 'g_8')), { outcome: 'residual', counts: two });
  assert.deepEqual(await host.call('erase', about('g-7', 'g_8', 'none')), { outcome: 'erased', counts: two });
  assert.deepEqual(host.left(), ['other.json']);
  assert.deepEqual(await host.call('erase', about('g-7')), { outcome: 'absent' });
  assert.deepEqual(await host.call('verify', about('g-7')), { outcome: 'absent' });
  assert.deepEqual(await host.call('health'), {});
  await host.end();
});

test('whatever a stranger types stays in the folder', async () => {
  const host = await Host.start();
  host.put('other');
  const hostile = about(`../${basename(host.folder)}/other`, '', 'other\0', 'other\n', 'žluť', 'x'.repeat(300));
  assert.deepEqual(await host.call('erase', hostile), { outcome: 'absent' });
  assert.deepEqual(host.left(), ['other.json']);
  await host.end();
});

test('a call whose time is over deletes nothing', async () => {
  const host = await Host.start();
  host.put('g-7');
  assert.equal(await host.call('erase', about('g-7'), 0), 'cancelled');
  assert.deepEqual(host.left(), ['g-7.json']);
  await host.end();
});

test('a cancelled call is answered once', async () => {
  const host = await Host.start();
  const many = about(...Array.from({ length: 20_000 }, (_, n) => `g${n}`));
  host.say({ type: 'erase', id: 5, timeout_ms: 10_000, request: many });
  host.say({ type: 'cancel', id: 5 });
  host.say({ type: 'cancel', id: 6 });
  const answer = await host.hear();
  assert.equal(answer.id, 5);
  assert.ok(['cancelled', undefined].includes(answer.error?.class));
  assert.deepEqual(await host.call('health'), {});
  await host.end();
});

test('what it does not know is unsupported', async () => {
  const host = await Host.start();
  assert.deepEqual(await host.ask({ type: 'dance', id: 9 }), { type: 'unsupported', id: 9, what: 'dance' });
  assert.equal(await host.call('erase', { new: 1 }), 'permanent');
  await host.end();
});

test('a folder that is not there needs an operator', async () => {
  const host = await Host.start();
  rmSync(host.folder, { recursive: true });
  for (const type of ['erase', 'verify', 'health']) {
    assert.equal(await host.call(type, about('g-7')), 'needs_operator');
  }
  assert.equal(await host.call('erase', { ...about('g-7'), dry_run: true }), 'needs_operator');
  mkdirSync(host.folder);
  await host.end();
});

test('a wrong configuration is refused', async () => {
  const host = await Host.start();
  const answer = await host.ask({ type: 'configure', config: { folder: 7 }, secrets: {} });
  assert.equal(answer.error.class, 'needs_operator');
  await host.end();
});

test('calls under way are answered before it ends', async () => {
  const host = await Host.start();
  const many = about(...Array.from({ length: 2_000 }, (_, n) => `g${n}`));
  for (const id of [0, 1, 2, 3]) host.say({ type: 'verify', id, timeout_ms: 10_000, request: many });
  host.say({ type: 'shutdown' });
  const ids = [];
  while (ids.length < 4) ids.push((await host.hear()).id);
  assert.deepEqual(ids.sort(), [0, 1, 2, 3]);
  await host.end(() => {});
});

test('it ends after shutdown', async () => {
  const host = await Host.start();
  await host.end(() => host.say({ type: 'shutdown' }));
});

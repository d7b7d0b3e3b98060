#!/usr/bin/env node
// A plugin for quietus: deletes {folder}/{guest_id}.json.
//
// Speaks protocol 1: four bytes of length, big-endian, then a JSON object, both ways, on standard input and output. Calls
// run side by side, and the host can cancel them. Nothing here prints an identifier.

import { access, constants, lstat, stat, unlink } from 'node:fs/promises';
import { join } from 'node:path';

const FRAME_BYTES_MAX = 1 << 20;
const PLAIN = /^[A-Za-z0-9_-]{1,200}$/;
const MANIFEST = {
  name: 'folder-node',
  version: '1.0.0',
  identifiers: { required: ['guest_id'] },
  operations: ['erase', 'verify', 'health', 'dry_run'],
  writes_from: ['/folder'],
  max_concurrency: 4,
  config_schema: {
    type: 'object',
    required: ['folder'],
    additionalProperties: false,
    properties: { folder: { type: 'string', minLength: 1 } },
  },
};

/** Why a call failed: a class of the protocol, and a message about nobody. */
class Failed extends Error {
  constructor(errorClass, message) {
    super(message);
    this.error = { class: errorClass, message };
  }
}

/** What the plugin does. `call.check()` throws when the host no longer wants the answer. */
class Folder {
  constructor(config) {
    const folder = config?.folder;
    if (typeof folder !== 'string' || folder === '' || folder.includes('\0')) {
      throw new Failed('needs_operator', 'config.folder is not a path');
    }
    this.folder = folder;
  }

  async erase(request, call) {
    if (request.dry_run) return this.verify(request, call);
    const files = await this.#each(request, call, unlink);
    if (files === 0) return { outcome: 'absent' };
    call.log('info', `deleted ${files} files`);
    return { outcome: 'erased', counts: { files } };
  }

  async verify(request, call) {
    const files = await this.#each(request, call, lstat);
    return files === 0 ? { outcome: 'absent' } : { outcome: 'residual', counts: { files } };
  }

  async health() {
    await this.#isThere();
    return {};
  }

  /** Where nobody can look, nothing is `absent`: that would be signed, for a folder whose name has a typo. */
  async #isThere() {
    const there = await stat(this.folder).then((found) => found.isDirectory(), () => false);
    const writable = await access(this.folder, constants.W_OK | constants.X_OK).then(() => true, () => false);
    if (!there || !writable) throw new Failed('needs_operator', 'the folder is not there, or may not be changed');
  }

  /** Acts on the files that are there, and counts them. Other ids than plain ones cannot name a file here. */
  async #each(request, call, act) {
    await this.#isThere();
    const guests = request.identifiers.filter(({ kind, value }) => kind === 'guest_id' && PLAIN.test(value));
    let files = 0;
    for (const { value } of guests) {
      call.check();
      try {
        await act(join(this.folder, `${value}.json`));
        files += 1;
      } catch (e) {
        // The error's own text holds the path.
        if (e.code !== 'ENOENT') throw new Failed('retryable', `cannot ${act.name}: ${e.code}`);
      }
    }
    return files;
  }
}

/** The calls under way: id, what cancels it, and the promise of its end. */
const calls = new Map();
let plugin;

function say(message) {
  const body = Buffer.from(JSON.stringify(message));
  const header = Buffer.alloc(4);
  header.writeUInt32BE(body.length);
  process.stdout.write(Buffer.concat([header, body]));
}

/** Makes one call, and answers it exactly once. */
async function run(kind, { id, timeout_ms = 0, request }, signal) {
  const deadline = performance.now() + timeout_ms;
  const call = {
    check() {
      if (signal.aborted || performance.now() >= deadline) throw new Failed('cancelled', 'cancelled');
    },
    log(level, text) {
      say({ type: 'log', id, level, text });
    },
  };
  try {
    if (!plugin) throw new Failed('permanent', 'the plugin is not configured');
    say({ type: 'result', id, result: await plugin[kind](request, call) });
  } catch (e) {
    // Another error's text may be personal, so it is not repeated.
    say({ type: 'error', id, error: e.error ?? { class: 'permanent', message: `the plugin failed (${e.name})` } });
  } finally {
    calls.delete(id);
  }
}

function hear(message) {
  switch (message.type) {
    case 'hello':
      return say({ type: 'hello', protocol: 1, manifest: MANIFEST, facts: {} });
    case 'configure':
      try {
        plugin = new Folder(message.config);
        return say({ type: 'ready' });
      } catch (e) {
        return say({ type: 'error', error: e.error ?? { class: 'permanent', message: 'the configuration is not one' } });
      }
    case 'erase':
    case 'verify':
    case 'health': {
      const cancel = new AbortController();
      calls.set(message.id, { cancel, ended: null });
      calls.get(message.id).ended = run(message.type, message, cancel.signal);
      return;
    }
    case 'cancel':
      return calls.get(message.id)?.cancel.abort();
    case 'shutdown':
      process.stdin.destroy();
      return void Promise.all([...calls.values()].map(({ ended }) => ended)).then(end);
    case 'unsupported':
      return;
    default:
      return say({ type: 'unsupported', id: message.id, what: String(message.type) });
  }
}

/** Ends when all that was said is written. */
function end() {
  process.stdout.write('', () => process.exit(0));
}

let unread = Buffer.alloc(0);
process.stdin.on('data', (chunk) => {
  unread = Buffer.concat([unread, chunk]);
  while (unread.length >= 4) {
    const length = unread.readUInt32BE();
    if (length < 1 || length > FRAME_BYTES_MAX) process.exit(1);
    if (unread.length < 4 + length) return;
    const body = unread.subarray(4, 4 + length);
    unread = unread.subarray(4 + length);
    let message;
    try {
      message = JSON.parse(body);
    } catch {
      process.exit(1);
    }
    if (message === null || typeof message !== 'object') process.exit(1);
    hear(message);
  }
});
// The host is gone: nobody waits for the answers.
process.stdin.on('end', () => {
  for (const { cancel } of calls.values()) cancel.abort();
  process.exit(0);
});
process.stdin.on('error', () => process.exit(0));
process.stdout.on('error', () => process.exit(0));
console.log = console.error; // A stray log must not break the protocol.

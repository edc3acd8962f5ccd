// Starts the mock provider and the gateway as processes of their own, as users do, and ends them again.
// Nothing here waits for time to pass: a program is ready when it has printed where it listens.

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, openSync, closeSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

// The packages read these, and a developer's own must not decide a test.
for (const name of Object.keys(process.env)) {
  if (/^(OPENAI|ANTHROPIC|AZURE_OPENAI)_|_proxy$/i.test(name)) delete process.env[name];
}

// A shell holds the program on a leash: when the pipe to the shell closes, the program is told to end. The pipe closes
// at the end of a test file, and also when the test is killed.
const LEASH = '"$@" </dev/null & exec >&- 2>&-; read -r _; kill "$!"; wait "$!"';

// How long a start may take, also on a busy machine.
const PATIENCE_MS = 60_000;

// What a program inherits. A developer's own provider keys must not decide a test.
const INHERITED = ['PATH', 'HOME', 'TMPDIR', 'RUST_LOG', 'RUST_BACKTRACE', 'LLVM_PROFILE_FILE'];

// A mock provider with gateways in front of it, in a directory of their own.
export class Programs {
  #directory = mkdtempSync(join(tmpdir(), 'gatewright-clients-'));
  #running = [];
  #mockUrl;

  // A gateway with a configuration of the folder above; resolves to its URL.
  async gateway(config) {
    this.#mockUrl ??= this.#start(program('MOCK_PROVIDER_BIN'), ['--listen', '127.0.0.1:0'], {});
    const data = join(this.#directory, config);
    const arguments_ = ['serve', '--listen', '127.0.0.1:0', '--data-dir', data];
    arguments_.push('--config', join(import.meta.dirname, '..', config));
    return this.#start(program('GATEWRIGHT_BIN'), arguments_, { MOCK_URL: await this.#mockUrl });
  }

  async end() {
    for (const shell of this.#running.reverse()) {
      const ended = once(shell, 'exit');
      shell.stdin.end();
      if (shell.exitCode === null) await ended;
    }
    rmSync(this.#directory, { recursive: true, force: true });
  }

  async #start(path, arguments_, environment) {
    const log = join(this.#directory, `log-${this.#running.length}`);
    const stderr = openSync(log, 'w');
    const inherited = Object.fromEntries(INHERITED.map((name) => [name, process.env[name]]));
    const shell = spawn('/bin/sh', ['-c', LEASH, 'sh', path, ...arguments_], {
      cwd: this.#directory,
      env: { ...inherited, ...environment },
      stdio: ['pipe', 'pipe', stderr],
      // An interrupt at the terminal goes to the test alone, which then ends its programs in order.
      detached: true,
    });
    closeSync(stderr);
    this.#running.push(shell);
    // A program that neither listens nor ends would keep us reading.
    const impatience = setTimeout(() => shell.stdin.end(), PATIENCE_MS);
    try {
      for await (const line of createInterface({ input: shell.stdout })) {
        const url = /^listening on (http:\S+)/.exec(line)?.[1];
        if (url) return url;
      }
    } finally {
      clearTimeout(impatience);
    }
    throw new Error(`the program did not start; its log:\n${readFileSync(log, 'utf8')}`);
  }
}

function program(variable) {
  const path = process.env[variable];
  if (!path)
    throw new Error(
      `\`${variable}\` does not name a program; run these tests with \`cargo xtask ci --only build,node\``,
    );
  return path;
}

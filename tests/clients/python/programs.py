"""Starts the mock provider and the gateway as processes of their own, as users do, and ends them again.

Nothing here waits for time to pass: a program is ready when it has printed where it listens.
"""

import contextlib
import os
import subprocess
import threading
from collections.abc import Iterator, Mapping
from pathlib import Path

# A shell holds the program on a leash: when the pipe to the shell closes, the program is told to end. The pipe closes
# at the end of a test run, and also when the test run is killed.
LEASH = '"$@" </dev/null & exec >&- 2>&-; read -r _; kill "$!"; wait "$!"'

# How long a start or an end may take, also on a busy machine.
PATIENCE_S = 60

# What a program inherits. A developer's own provider keys and proxies must not decide a test.
INHERITED = ("PATH", "HOME", "TMPDIR", "RUST_LOG", "RUST_BACKTRACE", "LLVM_PROFILE_FILE")


@contextlib.contextmanager
def mock_provider(directory: Path) -> Iterator[str]:
    """A provider that speaks OpenAI and Anthropic and refuses what those refuse; yields its URL."""
    with _running([_program("MOCK_PROVIDER_BIN"), "--listen", "127.0.0.1:0"], directory, {}) as url:
        yield url


@contextlib.contextmanager
def gateway(directory: Path, config: Path | None, environment: Mapping[str, str]) -> Iterator[str]:
    """A gateway with this configuration, or without any; yields its URL."""
    command = [_program("GATEWRIGHT_BIN"), "serve", "--listen", "127.0.0.1:0", "--data-dir", str(directory / "data")]
    if config is not None:
        command += ["--config", str(config)]
    with _running(command, directory, environment) as url:
        yield url


@contextlib.contextmanager
def _running(command: list[str], directory: Path, environment: Mapping[str, str]) -> Iterator[str]:
    log = directory / f"{Path(command[0]).name}.log"
    inherited = {name: os.environ[name] for name in INHERITED if name in os.environ}
    with log.open("wb") as stderr:
        process = subprocess.Popen(
            ["/bin/sh", "-c", LEASH, "sh", *command],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=stderr,
            cwd=directory,
            env={**inherited, **environment},
            text=True,
            # An interrupt at the terminal goes to the test run alone, which then ends its programs in order.
            start_new_session=True,
        )
    assert process.stdin and process.stdout
    try:
        yield _announced(process, log)
    finally:
        process.stdin.close()
        process.wait(PATIENCE_S)
        process.stdout.close()


def _announced(process: subprocess.Popen[str], log: Path) -> str:
    assert process.stdin and process.stdout
    # A program that neither listens nor ends would keep us reading.
    impatience = threading.Timer(PATIENCE_S, process.stdin.close)
    impatience.start()
    try:
        for line in process.stdout:
            if line.startswith("listening on http://"):
                return line.removeprefix("listening on ").strip()
    finally:
        impatience.cancel()
    raise RuntimeError(f"the program did not start; its log:\n{log.read_text()}")


def _program(variable: str) -> str:
    path = os.environ.get(variable)
    if not path:
        raise RuntimeError(
            f"`{variable}` does not name a program; run these tests with `cargo xtask ci --only build,python`"
        )
    return path

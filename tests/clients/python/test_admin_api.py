"""The admin API held to its own OpenAPI document: whatever is sent, no server error, no reply that the document does not
know, nothing accepted that it forbids, nothing refused that it allows."""

import os
import subprocess
import sys
from pathlib import Path

import programs

HERE = Path(__file__).parent

# The same requests every time.
SEED = "1"

# How long a run may take, also on a busy machine.
PATIENCE_S = 1800


def test_the_admin_api_does_what_its_document_says(tmp_path: Path) -> None:
    long = os.environ.get("GATEWRIGHT_LONG") == "1"
    with programs.gateway(tmp_path, None, {}) as url:
        token = (tmp_path / "data" / "admin-token").read_text().strip()
        command = [
            str(Path(sys.executable).parent / "schemathesis"),
            "--config-file",
            str(HERE / "schemathesis.toml"),
            "run",
            f"{url}/api/v1/openapi.json",
            "--url",
            url,
            "--header",
            f"Authorization: Bearer {token}",
            "--checks",
            "all",
            "--seed",
            SEED,
            "--phases",
            "examples,coverage,fuzzing,stateful" if long else "examples,coverage,fuzzing",
            "--max-examples",
            "60" if long else "3",
            "--request-timeout",
            "60",
            "--no-color",
        ]
        # In a folder of its own: what it remembers of one run must not decide the next.
        ran = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=PATIENCE_S, check=False)
    assert ran.returncode == 0, ran.stdout[-20_000:] + ran.stderr[-2_000:]

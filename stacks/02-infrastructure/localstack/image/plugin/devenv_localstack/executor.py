"""Runs Lambda functions as child processes of LocalStack.

LocalStack's own executor starts a container per function and needs the Docker socket and AWS' runtime images. This one
needs neither, at a price: no isolation, no memory limit, no layers or extensions, and only Python functions (in
LocalStack's own interpreter, whatever version they name) and `provided` ones that bring an executable `bootstrap`.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import threading
from concurrent.futures import TimeoutError as FutureTimeoutError
from pathlib import Path
from typing import Any

from localstack import config
from localstack.services.lambda_.invocation.lambda_models import FunctionVersion, InvocationResult
from localstack.services.lambda_.invocation.plugins import RuntimeExecutorPlugin
from localstack.services.lambda_.invocation.runtime_executor import LambdaRuntimeException, RuntimeExecutor

from devenv_localstack.runtime_api import Invocation, Outcome, RuntimeApi, RuntimeFailedError

SUPPORTED_RUNTIMES = ("python", "provided")
LOG_TAIL_CHARACTERS = 2000


class ProcessExecutorPlugin(RuntimeExecutorPlugin):
    """Chosen by LAMBDA_RUNTIME_EXECUTOR=process."""

    name = "process"

    def load(self, *args: Any, **kwargs: Any) -> type[RuntimeExecutor]:
        return ProcessExecutor


class ProcessExecutor(RuntimeExecutor):
    """One execution environment: a Runtime API and the process that asks it for work."""

    def __init__(self, id: str, function_version: FunctionVersion) -> None:
        super().__init__(id=id, function_version=function_version)
        self._env_vars: dict[str, Any] = {}
        self._log = tempfile.TemporaryFile()  # noqa: SIM115 - it lives as long as the environment
        self._api: RuntimeApi | None = None
        self._process: subprocess.Popen[bytes] | None = None

    def start(self, env_vars: dict[str, Any]) -> None:
        self._env_vars = env_vars
        self._launch()

    def stop(self) -> None:
        if self._process is not None and self._process.poll() is None:
            self._process.kill()
            self._process.wait()
        if self._api is not None:
            self._api.close()
            self._api = None

    def invoke(self, payload: dict[str, str]) -> InvocationResult:
        timeout = self.function_version.config.timeout
        request_id = payload["invoke-id"]
        log_start = len(self.get_logs())
        pending = self._running_api().submit(Invocation(
            request_id, payload["invoked-function-arn"], payload["payload"].encode(), payload.get("trace-id") or "", timeout,
        ))
        try:
            outcome = pending.result(timeout=timeout)
        except FutureTimeoutError:
            self.stop()
            outcome = _failure("Sandbox.Timedout", f"{request_id} Task timed out after {timeout:.2f} seconds")
        except RuntimeFailedError as error:
            outcome = _failure("Runtime.ExitError", f"RequestId: {request_id} Error: {error}")
        return InvocationResult(request_id, outcome.payload, is_error=outcome.is_error, logs=self.get_logs()[log_start:])

    def get_logs(self) -> str:
        # pread leaves the offset alone, at which the child process goes on writing
        return os.pread(self._log.fileno(), os.fstat(self._log.fileno()).st_size, 0).decode(errors="replace")

    def get_address(self) -> str:
        return "127.0.0.1"

    def get_endpoint_from_executor(self) -> str:
        return "127.0.0.1"

    def get_runtime_endpoint(self) -> str:
        return "http://127.0.0.1"

    @classmethod
    def prepare_version(cls, function_version: FunctionVersion) -> None:
        runtime = function_version.config.runtime or "container image"
        if not runtime.startswith(SUPPORTED_RUNTIMES) or not function_version.config.code:
            raise LambdaRuntimeException(f"runtime {runtime} cannot run here: only python and provided are supported")
        function_version.config.code.prepare_for_execution()

    @classmethod
    def cleanup_version(cls, function_version: FunctionVersion) -> None:
        """LocalStack deletes the unpacked code itself."""

    def _running_api(self) -> RuntimeApi:
        """The API of a live runtime: like AWS, an environment whose runtime died or was killed gets a new one."""
        if self._api is None or self._process is None or self._process.poll() is not None:
            self.stop()
            self._launch()
        assert self._api is not None
        return self._api

    def _launch(self) -> None:
        code = Path(self.function_version.config.code.get_unzipped_code_location())
        self._api = api = RuntimeApi()
        self._process = process = subprocess.Popen(
            self._command(code), cwd=code, env=self._environment(code, api.address), stdin=subprocess.DEVNULL,
            stdout=self._log, stderr=subprocess.STDOUT,
        )
        threading.Thread(target=_report_exit, args=(process, api), daemon=True, name="lambda-exit").start()
        try:
            api.started.result(timeout=config.LAMBDA_RUNTIME_ENVIRONMENT_TIMEOUT)
        except FutureTimeoutError as error:
            raise LambdaRuntimeException("the runtime did not ask for an invocation in time") from error
        except RuntimeFailedError as error:
            raise LambdaRuntimeException(f"{error}\n{self.get_logs()[-LOG_TAIL_CHARACTERS:]}") from error

    def _command(self, code: Path) -> list[str]:
        if (self.function_version.config.runtime or "").startswith("python"):
            return [sys.executable, "-m", "awslambdaric", self.function_version.config.handler]
        bootstrap = code / "bootstrap"
        bootstrap.chmod(0o755)
        return [str(bootstrap)]

    def _environment(self, code: Path, api_address: str) -> dict[str, str]:
        return {name: str(value) for name, value in self._env_vars.items() if value is not None} | {
            "PATH": os.environ["PATH"],
            "HOME": "/tmp",
            "LANG": "C.UTF-8",
            "LAMBDA_TASK_ROOT": str(code),
            "PYTHONPATH": os.pathsep.join([str(code), str(code / "python")]),
            "AWS_LAMBDA_RUNTIME_API": api_address,
        }


def _report_exit(process: subprocess.Popen[bytes], api: RuntimeApi) -> None:
    status = process.wait()
    api.fail(f"Runtime exited with status {status}")


def _failure(error_type: str, message: str) -> Outcome:
    return Outcome(json.dumps({"errorType": error_type, "errorMessage": message}).encode(), is_error=True)

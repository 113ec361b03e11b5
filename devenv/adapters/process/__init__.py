"""Foreign programs: started, watched, stopped, and their failures reported. The only user of subprocess.

Every program but what takes the terminal runs in a session of its own, so that a stop reaches all that it started, and
never through a shell. What a program's words mean is the concern of the adapter that calls it.
"""

from devenv.adapters.process.detached import Detached, start_detached, start_module
from devenv.adapters.process.foreground import run_in_foreground
from devenv.adapters.process.identity import end_process, is_over, process_named, this_process
from devenv.adapters.process.on_terminal import OnTerminal
from devenv.adapters.process.output import NO_SPACE, OnLine
from devenv.adapters.process.piped import PipedProcess
from devenv.adapters.process.program import Completed, administrators_path, find_program
from devenv.adapters.process.reaper import REAPER
from devenv.adapters.process.run import run
from devenv.adapters.process.serving import ServingProcess
from devenv.adapters.process.shielded import run_shielded
from devenv.adapters.process.variables import as_started

__all__ = [
    "NO_SPACE",
    "REAPER",
    "Completed",
    "Detached",
    "OnLine",
    "OnTerminal",
    "PipedProcess",
    "ServingProcess",
    "administrators_path",
    "as_started",
    "end_process",
    "find_program",
    "is_over",
    "process_named",
    "run",
    "run_in_foreground",
    "run_shielded",
    "start_detached",
    "start_module",
    "this_process",
]

"""The program that takes a service's place in its pod (cluster/images/interceptor), as this machine talks to it.

Responsible for leading what comes there to ports of this machine. How the program gets into a pod, and what leads to
its control port, is the concern of others.
"""

from devenv.adapters.interceptor.relay import Relay

__all__ = ["Relay"]

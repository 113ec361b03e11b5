/* Holds a pod's namespaces, and reaps the processes that a pod with a shared process namespace leaves behind. */
#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

static void stop(int signal_number) {
  (void)signal_number;
  _exit(0);
}

static void reap(int signal_number) {
  (void)signal_number;
  while (waitpid(-1, NULL, WNOHANG) > 0) {
  }
}

int main(void) {
  struct sigaction stopping = {.sa_handler = stop};
  struct sigaction reaping = {.sa_handler = reap, .sa_flags = SA_NOCLDSTOP};
  if (sigaction(SIGINT, &stopping, NULL) != 0 || sigaction(SIGTERM, &stopping, NULL) != 0 ||
      sigaction(SIGCHLD, &reaping, NULL) != 0) {
    return 1;
  }
  for (;;) {
    pause();
  }
}

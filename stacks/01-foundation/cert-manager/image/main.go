// cert-manager's four programs in one: controller, webhook, cainjector and acmesolver, by the name it is started under.
//
// Upstream's own main packages are modules of their own, which are not published as such. Each takes the arguments that
// upstream's chart gives it, and a file of upstream's configuration (--config); for what else upstream has a flag, it has that file.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"

	"github.com/spf13/pflag"
	ctrl "sigs.k8s.io/controller-runtime"

	logf "github.com/cert-manager/cert-manager/pkg/logs"
)

var programs = map[string]func(context.Context, []string) error{
	"controller": runController,
	"webhook":    runWebhook,
	"cainjector": runInjector,
	"acmesolver": runSolver,
}

func main() {
	name := filepath.Base(os.Args[0])
	run, known := programs[name]
	if !known {
		fmt.Fprintf(os.Stderr, "%s is none of controller, webhook, cainjector and acmesolver\n", name)
		os.Exit(2)
	}
	os.Exit(status(run, name))
}

func status(run func(context.Context, []string) error, name string) int {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	defer stop()
	logf.InitLogs()
	defer logf.FlushLogs()
	log := logf.Log.WithName(name)
	ctrl.SetLogger(log)
	err := run(logf.NewContext(ctx, log), os.Args[1:])
	if err == nil || errors.Is(err, context.Canceled) || errors.Is(err, pflag.ErrHelp) {
		return 0
	}
	log.Error(err, "stopped")
	return 1
}

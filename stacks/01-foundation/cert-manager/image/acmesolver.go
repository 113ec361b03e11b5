package main

import (
	"context"
	"time"

	"github.com/spf13/pflag"

	"github.com/cert-manager/cert-manager/pkg/issuer/acme/http/solver"
	logf "github.com/cert-manager/cert-manager/pkg/logs"
)

const solverGrace = 5 * time.Second

// runSolver answers an HTTP-01 challenge until it is told to stop.
func runSolver(ctx context.Context, args []string) error {
	answer := &solver.HTTP01Solver{}
	flags := pflag.NewFlagSet("acmesolver", pflag.ContinueOnError)
	flags.IntVar(&answer.ListenPort, "listen-port", 8089, "the port it listens on")
	flags.StringVar(&answer.Domain, "domain", "", "the name that is asked for")
	flags.StringVar(&answer.Token, "token", "", "the challenge's token")
	flags.StringVar(&answer.Key, "key", "", "what is answered")
	if err := flags.Parse(args); err != nil {
		return err
	}
	failed := make(chan error, 1)
	go func() { failed <- answer.Listen(logf.FromContext(ctx)) }()
	select {
	case err := <-failed:
		return err
	case <-ctx.Done():
		end, cancel := context.WithTimeout(context.WithoutCancel(ctx), solverGrace)
		defer cancel()
		return answer.Shutdown(end)
	}
}

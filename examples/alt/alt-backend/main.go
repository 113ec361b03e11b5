// Command alt-backend is a small HTTP API over PostgreSQL, SQS and S3. It shows what an application sees of its environment.
package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"os"
	"os/signal"
	"syscall"
	"time"
)

const (
	startDeadline    = 30 * time.Second
	shutdownDeadline = 5 * time.Second
)

func main() {
	if err := run(); err != nil {
		slog.Error("alt-backend ends", "error", err)
		os.Exit(1)
	}
}

func run() error {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	defer stop()

	settings, err := settingsFromEnvironment()
	if err != nil {
		return err
	}
	// First: a probe that comes while the rest is opened waits for it, instead of being refused and tried a second later.
	listener, err := new(net.ListenConfig).Listen(ctx, "tcp", settings.address)
	if err != nil {
		return fmt.Errorf("listen: %w", err)
	}
	defer listener.Close()
	starting, cancel := context.WithTimeout(ctx, startDeadline)
	defer cancel()
	items, err := openItems(starting, settings)
	if err != nil {
		return fmt.Errorf("open database: %w", err)
	}
	defer items.close()
	outbox, err := openOutbox(starting, settings)
	if err != nil {
		return fmt.Errorf("open AWS services: %w", err)
	}

	server := &http.Server{
		Handler:           routes(settings, items, outbox),
		ReadHeaderTimeout: 5 * time.Second,
	}
	failed := make(chan error, 1)
	go func() { failed <- server.Serve(listener) }()
	slog.Info("alt-backend listens", "address", settings.address)
	select {
	case err := <-failed:
		return err
	case <-ctx.Done():
	}
	stopping, cancelStop := context.WithTimeout(context.Background(), shutdownDeadline)
	defer cancelStop()
	if err := server.Shutdown(stopping); err != nil && !errors.Is(err, http.ErrServerClosed) {
		return fmt.Errorf("shut down: %w", err)
	}
	return nil
}

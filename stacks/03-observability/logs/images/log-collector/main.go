// Reads the logs of a node's pods and puts them into ClickHouse or VictoriaLogs, each line once.
//
// Lines go through a folder on disk (spool.go): what is not taken is kept there, and what was read is
// written down in the same moment. Files are followed when they are renamed, compressed or removed (container.go).
//
// With COLLECT=false it reads no logs: it keeps the table there for whoever else fills it, and answers the page.
package main

import (
	"context"
	"fmt"
	"log"
	"net/http"
	"os"
	"os/signal"
	"strconv"
	"sync/atomic"
	"syscall"
	"time"
)

const (
	listened   = ":9880"
	stuckAfter = 30 * time.Second
)

func main() {
	log.SetFlags(0)
	if err := start(); err != nil {
		log.Fatal(err)
	}
}

func start() error {
	to, err := chosenStore()
	if err != nil {
		return err
	}
	ctx, end := signal.NotifyContext(context.Background(), syscall.SIGTERM, syscall.SIGINT)
	defer end()
	http.HandleFunc("GET /api/logs", reader(to))
	if setting("COLLECT", "true") == "false" {
		return prepareOnly(ctx, to)
	}
	limit, err := number("SPOOL_MEBIBYTES", 512)
	if err != nil {
		return err
	}
	kept, known, err := openSpool(setting("SPOOL", "/var/lib/devenv-logs"), int64(limit)<<20)
	if err != nil {
		return err
	}
	node := os.Getenv("NODE_NAME")
	labelled, err := podsOfNode(node)
	if err != nil {
		return err
	}
	told := &metrics{spool: kept}
	go labelled.ask(ctx)
	go serve(told)
	sent := make(chan struct{})
	go func() {
		defer close(sent)
		send(ctx, to, kept, told)
	}()
	collecting := &collector{
		folder: setting("LOGS", "/var/log/pods"), node: node, pods: labelled, kept: kept, told: told,
		known: known, runs: map[string]*run{},
	}
	log.Printf("reading %s, sending to %s", collecting.folder, to.name())
	err = collecting.collect(ctx)
	<-sent
	return err
}

func setting(name, otherwise string) string {
	if value := os.Getenv(name); value != "" {
		return value
	}
	return otherwise
}

func number(name string, otherwise int) (int, error) {
	value, err := strconv.Atoi(setting(name, strconv.Itoa(otherwise)))
	if err != nil || value < 1 {
		return 0, fmt.Errorf("%s: a number of 1 or more is expected", name)
	}
	return value, nil
}

// metrics are what Prometheus reads.
type metrics struct {
	lines, inserts, failures, containers, looked atomic.Int64
	spool                                        *spool
}

func healthz(last *atomic.Int64, otherwise string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		if time.Since(time.Unix(last.Load(), 0)) > stuckAfter {
			http.Error(w, otherwise, http.StatusServiceUnavailable)
		}
	}
}

func listen() { log.Fatal(http.ListenAndServe(listened, nil)) }

func serve(told *metrics) {
	http.HandleFunc("GET /healthz", healthz(&told.looked, "the logs are not read"))
	http.HandleFunc("GET /metrics", func(w http.ResponseWriter, _ *http.Request) {
		for _, one := range []struct {
			name, kind, help string
			value            int64
		}{
			{"logs_lines_total", "counter", "Log lines read, those of one stack trace as one.", told.lines.Load()},
			{"logs_inserts_total", "counter", "Batches that were taken.", told.inserts.Load()},
			{"logs_insert_failures_total", "counter", "Attempts that failed.", told.failures.Load()},
			{"logs_containers", "gauge", "Containers whose logs are read.", told.containers.Load()},
			{"logs_spool_bytes", "gauge", "What waits on disk.", told.spool.bytes()},
			{"logs_spool_limit_bytes", "gauge", "How much may wait: beyond it logs are not read.", told.spool.limit},
		} {
			fmt.Fprintf(w, "# HELP %s %s\n# TYPE %s %s\n%s %d\n", one.name, one.help, one.name, one.kind, one.name, one.value)
		}
	})
	listen()
}

package main

import (
	"bytes"
	"context"
	"fmt"
	"log"
	"net/http"
	"net/url"
	"os"
	"time"
)

const (
	sentAtOnce = 8 << 20
	answerTime = 2 * time.Minute
	firstPause = 500 * time.Millisecond
	lastPause  = 5 * time.Second
)

// store keeps lines, and is asked for them.
type store interface {
	name() string
	// prepare makes what lines are put into, where it is not there.
	prepare(ctx context.Context) error
	// deliver hands over rows as the spool has them; without an error all of them have arrived.
	deliver(ctx context.Context, rows []byte) error
	// find has the newest lines that the dashboards' page asks for, the newest first.
	find(ctx context.Context, asked question) ([]map[string]any, error)
}

// chosenStore is the one whose address is given.
func chosenStore() (store, error) {
	if given := os.Getenv("VICTORIA_LOGS_URL"); given != "" {
		server, err := url.Parse(given)
		if err != nil || server.Host == "" {
			return nil, fmt.Errorf("VICTORIA_LOGS_URL: an address such as http://victoria-logs:9428 is expected: %w", err)
		}
		return &victoriaLogs{url: server, client: &http.Client{}}, nil
	}
	server, err := url.Parse(os.Getenv("CLICKHOUSE_URL"))
	if err != nil || server.Host == "" {
		return nil, fmt.Errorf("CLICKHOUSE_URL or VICTORIA_LOGS_URL is expected, such as http://clickhouse:8123: %w", err)
	}
	retention, err := number("RETENTION_DAYS", 7)
	if err != nil {
		return nil, err
	}
	return &clickhouse{
		url: server, user: os.Getenv("CLICKHOUSE_USER"), password: os.Getenv("CLICKHOUSE_PASSWORD"),
		readerPassword: os.Getenv("CLICKHOUSE_READER_PASSWORD"), retentionDays: retention, client: &http.Client{},
	}, nil
}

// send empties the spool until the context ends, oldest first. What is not known to have arrived is sent again.
func send(ctx context.Context, to store, kept *spool, told *metrics) {
	pause, failing := firstPause, false
	for ctx.Err() == nil {
		numbers := kept.oldest(sentAtOnce)
		if len(numbers) == 0 {
			select {
			case <-ctx.Done():
			case <-kept.appended:
			}
			continue
		}
		err := hand(ctx, to, kept, numbers)
		if err == nil {
			if failing {
				log.Printf("%s takes the lines again", to.name())
			}
			pause, failing = firstPause, false
			told.inserts.Add(1)
			continue
		}
		if ctx.Err() != nil {
			return
		}
		told.failures.Add(1)
		if !failing {
			log.Printf("lines are kept on disk until %s takes them: %v", to.name(), err)
			failing = true
		}
		select {
		case <-ctx.Done():
		case <-time.After(pause):
		}
		pause = min(2*pause, lastPause)
	}
}

func hand(ctx context.Context, to store, kept *spool, numbers []uint64) error {
	var rows bytes.Buffer
	for _, number := range numbers {
		content, err := os.ReadFile(kept.path(number))
		if err != nil {
			return err
		}
		rows.Write(content)
	}
	ctx, cancel := context.WithTimeout(ctx, answerTime)
	defer cancel()
	if err := to.deliver(ctx, rows.Bytes()); err != nil {
		return err
	}
	return kept.remove(numbers)
}

package main

import (
	"bytes"
	"context"
	_ "embed"
	"fmt"
	"io"
	"log"
	"net/http"
	"net/url"
	"os"
	"strings"
	"time"
)

//go:embed schema.sql
var schema string

// insert: rows of one request are one block, so they are there all or not at all.
const insert = "INSERT INTO logs.lines FORMAT JSONEachRow"

const (
	sentAtOnce = 8 << 20
	answerTime = 2 * time.Minute
	firstPause = 500 * time.Millisecond
	lastPause  = 5 * time.Second
)

type clickhouse struct {
	url            *url.URL
	user, password string
	retentionDays  int
	client         *http.Client
	prepared       bool
}

// send empties the spool until the context ends, oldest first. What is not known to have arrived is sent again.
func (c *clickhouse) send(ctx context.Context, kept *spool, told *metrics) {
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
		err := c.deliver(ctx, kept, numbers)
		if err == nil {
			if failing {
				log.Print("ClickHouse takes the lines again")
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
			log.Printf("lines are kept on disk until ClickHouse takes them: %v", err)
			failing = true
		}
		select {
		case <-ctx.Done():
		case <-time.After(pause):
		}
		pause = min(2*pause, lastPause)
	}
}

func (c *clickhouse) deliver(ctx context.Context, kept *spool, numbers []uint64) error {
	if !c.prepared {
		for _, statement := range statements(c.retentionDays) {
			if err := c.execute(ctx, statement, nil); err != nil {
				return err
			}
		}
		c.prepared = true
	}
	var rows bytes.Buffer
	for _, number := range numbers {
		content, err := os.ReadFile(kept.path(number))
		if err != nil {
			return err
		}
		rows.Write(content)
	}
	if err := c.execute(ctx, insert, &rows); err != nil {
		// Somebody may have dropped the table.
		c.prepared = false
		return err
	}
	return kept.remove(numbers)
}

func (c *clickhouse) execute(ctx context.Context, statement string, data io.Reader) error {
	ctx, cancel := context.WithTimeout(ctx, answerTime)
	defer cancel()
	asked := *c.url
	asked.RawQuery = url.Values{
		"query": {statement}, "async_insert": {"0"}, "max_partitions_per_insert_block": {"0"},
		"input_format_parallel_parsing": {"0"},
	}.Encode()
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, asked.String(), data)
	if err != nil {
		return err
	}
	request.SetBasicAuth(c.user, c.password)
	answer, err := c.client.Do(request)
	if err != nil {
		return err
	}
	defer answer.Body.Close()
	body, err := io.ReadAll(io.LimitReader(answer.Body, 1<<16))
	if err != nil {
		return err
	}
	if answer.StatusCode != http.StatusOK {
		return fmt.Errorf("%s: %s", answer.Status, bytes.TrimSpace(body[:min(len(body), 500)]))
	}
	return nil
}

// statements are those of the schema, without comments.
func statements(retentionDays int) []string {
	var found []string
	var lines []string
	for text := range strings.Lines(schema) {
		if !strings.HasPrefix(text, "--") {
			lines = append(lines, text)
		}
	}
	text := strings.ReplaceAll(strings.Join(lines, ""), "{retention}", fmt.Sprint(retentionDays))
	for statement := range strings.SplitSeq(text, ";\n") {
		if statement = strings.Trim(statement, " \n;"); statement != "" {
			found = append(found, statement)
		}
	}
	return found
}

package main

import (
	"bytes"
	"context"
	_ "embed"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
)

const logQuestion = `
SELECT formatDateTime(timestamp, '%FT%T') AS second, toUnixTimestamp64Milli(timestamp) % 1000 AS milliseconds,
	namespace, pod, container, stack, level, message
FROM logs.lines FINAL
WHERE timestamp BETWEEN {since:DateTime64(9, 'UTC')} AND {until:DateTime64(9, 'UTC')}
	AND ({search:String} = '' OR positionCaseInsensitiveUTF8(message, {search:String}) > 0)
	AND ({stack:String} = '' OR stack = {stack:String})
	AND ({namespace:String} = '' OR namespace = {namespace:String})
	AND startsWith(pod, {pod:String})
	AND (empty({levels:Array(String)}) OR has({levels:Array(String)}, level))
ORDER BY timestamp DESC, offset DESC
LIMIT ` + mostLines + `
FORMAT JSON`

//go:embed schema.sql
var schema string

// insert: rows of one request are one block, so they are there all or not at all.
const insert = "INSERT INTO logs.lines FORMAT JSONEachRow"

// readingUser is the account of the chart that can only read.
const readingUser = "reader"

type clickhouse struct {
	url            *url.URL
	user, password string
	readerPassword string
	retentionDays  int
	client         *http.Client
	prepared       bool
}

func (c *clickhouse) name() string { return "ClickHouse" }

func (c *clickhouse) deliver(ctx context.Context, rows []byte) error {
	if !c.prepared {
		if err := c.prepare(ctx); err != nil {
			return err
		}
		c.prepared = true
	}
	err := c.execute(ctx, insert, bytes.NewReader(rows))
	if err != nil {
		// Somebody may have dropped the table.
		c.prepared = false
	}
	return err
}

// prepare makes the table where it is not there.
func (c *clickhouse) prepare(ctx context.Context) error {
	for _, statement := range statements(c.retentionDays) {
		if err := c.execute(ctx, statement, nil); err != nil {
			return err
		}
	}
	return nil
}

func (c *clickhouse) execute(ctx context.Context, statement string, data io.Reader) error {
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
	return taken(answer)
}

// find asks as who can only read.
func (c *clickhouse) find(ctx context.Context, given question) ([]map[string]any, error) {
	levels := "[]"
	if len(given.levels) > 0 {
		levels = "['" + strings.Join(given.levels, "','") + "']"
	}
	asked := *c.url
	asked.RawQuery = url.Values{
		"query":           {logQuestion},
		"param_since":     {given.since().Format(timeFormat)},
		"param_until":     {given.until.Format(timeFormat)},
		"param_search":    {escaped(given.search)},
		"param_stack":     {escaped(given.stack)},
		"param_namespace": {escaped(given.namespace)},
		"param_pod":       {escaped(given.pod)},
		"param_levels":    {levels},
	}.Encode()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, asked.String(), nil)
	if err != nil {
		return nil, err
	}
	request.SetBasicAuth(readingUser, c.readerPassword)
	response, err := c.client.Do(request)
	if err != nil {
		// Its own text has the whole question.
		return nil, errors.Unwrap(err)
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		return nil, refusal(response)
	}
	var found struct {
		Data []map[string]any `json:"data"`
	}
	if err := json.NewDecoder(response.Body).Decode(&found); err != nil {
		return nil, err
	}
	return found.Data, nil
}

// escaped is a text as ClickHouse reads parameters: as in tab-separated values.
func escaped(text string) string {
	return strings.NewReplacer("\\", "\\\\", "\t", "\\t", "\n", "\\n").Replace(text)
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

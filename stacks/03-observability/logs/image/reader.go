package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
)

const (
	readWithin  = 30 * time.Second
	longestBack = 7 * 24 * 60
	mostLines   = "500"
	logQuestion = `
SELECT formatDateTime(timestamp, '%FT%T') AS second, toUnixTimestamp64Milli(timestamp) % 1000 AS milliseconds,
	namespace, pod, container, stack, level, message
FROM logs.lines FINAL
WHERE timestamp >= now64(9) - INTERVAL {minutes:UInt32} MINUTE
	AND ({search:String} = '' OR positionCaseInsensitiveUTF8(message, {search:String}) > 0)
	AND ({stack:String} = '' OR stack = {stack:String})
	AND (empty({levels:Array(String)}) OR has({levels:Array(String)}, level))
ORDER BY timestamp DESC, offset DESC
LIMIT ` + mostLines + `
FORMAT JSON`
)

var levels = []string{"trace", "debug", "info", "warning", "error", "fatal"}

// logs answers with the newest lines that the form of the dashboards' page asks for. A browser sends no SQL: there is one
// question, with parameters, and it is asked by GET, which ClickHouse lets read only.
func (c *clickhouse) logs(w http.ResponseWriter, r *http.Request) {
	parameters, err := logParameters(r.URL.Query())
	if err != nil {
		answer(w, http.StatusBadRequest, map[string]string{"error": err.Error()})
		return
	}
	found, err := c.ask(r, parameters)
	if err != nil {
		log.Printf("logs cannot be read: %v", err)
		answer(w, http.StatusBadGateway, map[string]string{"error": "ClickHouse cannot be asked: " + err.Error()})
		return
	}
	answer(w, http.StatusOK, found)
}

func logParameters(asked url.Values) (url.Values, error) {
	minutes := 60
	if given := asked.Get("minutes"); given != "" {
		var err error
		if minutes, err = strconv.Atoi(given); err != nil || minutes < 1 || minutes > longestBack {
			return nil, fmt.Errorf("minutes: a number from 1 to %d is expected", longestBack)
		}
	}
	atLeast := "[]"
	if level := asked.Get("level"); level != "" {
		first := slices.Index(levels, level)
		if first < 0 {
			return nil, fmt.Errorf("level: one of %s is expected", strings.Join(levels, ", "))
		}
		atLeast = "['" + strings.Join(levels[first:], "','") + "']"
	}
	return url.Values{
		"query":         {logQuestion},
		"param_minutes": {strconv.Itoa(minutes)},
		"param_search":  {escaped(asked.Get("search"))},
		"param_stack":   {escaped(asked.Get("stack"))},
		"param_levels":  {atLeast},
	}, nil
}

// escaped is a text as ClickHouse reads parameters: as in tab-separated values.
func escaped(text string) string {
	return strings.NewReplacer("\\", "\\\\", "\t", "\\t", "\n", "\\n").Replace(text)
}

func (c *clickhouse) ask(r *http.Request, parameters url.Values) (any, error) {
	asked := *c.url
	asked.RawQuery = parameters.Encode()
	ctx, cancel := context.WithTimeout(r.Context(), readWithin)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, asked.String(), nil)
	if err != nil {
		return nil, err
	}
	request.SetBasicAuth(c.user, c.password)
	response, err := c.client.Do(request)
	if err != nil {
		// Its own text has the whole question.
		return nil, errors.Unwrap(err)
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		said, _ := io.ReadAll(io.LimitReader(response.Body, 300))
		return nil, fmt.Errorf("%s: %s", response.Status, said)
	}
	var found struct {
		Data []map[string]any `json:"data"`
	}
	if err := json.NewDecoder(response.Body).Decode(&found); err != nil {
		return nil, err
	}
	return found.Data, nil
}

func answer(w http.ResponseWriter, status int, content any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	if err := json.NewEncoder(w).Encode(content); err != nil {
		log.Printf("an answer was not taken: %v", err)
	}
}

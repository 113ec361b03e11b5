package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"time"
)

// longestRow is of VictoriaLogs, which passes over longer ones and tells its own log alone; with some room.
const longestRow = 1900 << 10

// victoriaLogs is a server of VictoriaLogs: https://docs.victoriametrics.com/victorialogs/
type victoriaLogs struct {
	url    *url.URL
	client *http.Client
}

func (v *victoriaLogs) name() string { return "VictoriaLogs" }

// prepare has nothing to make.
func (v *victoriaLogs) prepare(context.Context) error { return nil }

// deliver sends rows as they are: fields of a line become fields.NAME, and times without a zone are UTC, as the server's.
func (v *victoriaLogs) deliver(ctx context.Context, rows []byte) error {
	asked := v.url.JoinPath("insert/jsonline")
	asked.RawQuery = url.Values{
		"_time_field": {"timestamp"}, "_msg_field": {"message"}, "_stream_fields": {"namespace,pod,container"},
	}.Encode()
	fitting, err := fittingRows(rows)
	if err != nil {
		return err
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, asked.String(), bytes.NewReader(fitting))
	if err != nil {
		return err
	}
	response, err := v.client.Do(request)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	return taken(response)
}

// fittingRows are rows of which those that are too long are without their fields, which the message has too.
func fittingRows(rows []byte) ([]byte, error) {
	var fitting bytes.Buffer
	for text := range bytes.Lines(rows) {
		if len(text) <= longestRow {
			fitting.Write(text)
			continue
		}
		var long row
		if err := json.Unmarshal(text, &long); err != nil {
			return nil, fmt.Errorf("a row in the spool: %w", err)
		}
		long.Fields = nil
		if err := long.write(&fitting); err != nil {
			return nil, err
		}
	}
	return fitting.Bytes(), nil
}

// found is a line as VictoriaLogs tells it: numbers as texts, and nothing that is empty.
type found struct {
	Time      time.Time `json:"_time"`
	Message   string    `json:"_msg"`
	Namespace string    `json:"namespace"`
	Pod       string    `json:"pod"`
	Container string    `json:"container"`
	Stack     string    `json:"stack"`
	Level     string    `json:"level"`
	UID       string    `json:"pod_uid"`
	Restart   string    `json:"restart"`
	Offset    string    `json:"offset"`
}

func (v *victoriaLogs) find(ctx context.Context, given question) ([]map[string]any, error) {
	asked := v.url.JoinPath("select/logsql/query")
	form := url.Values{"query": {logsQL(given)}, "limit": {mostLines}}
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, asked.String(), strings.NewReader(form.Encode()))
	if err != nil {
		return nil, err
	}
	request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	response, err := v.client.Do(request)
	if err != nil {
		return nil, errors.Unwrap(err)
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		return nil, refusal(response)
	}
	lines := []map[string]any{}
	known := map[string]bool{}
	for decoder := json.NewDecoder(response.Body); decoder.More(); {
		var line found
		if err := decoder.Decode(&line); err != nil {
			return nil, err
		}
		// A line that was sent twice is there twice.
		key := strings.Join([]string{line.Time.String(), line.UID, line.Container, line.Restart, line.Offset}, "\n")
		if known[key] {
			continue
		}
		known[key] = true
		at := line.Time.UTC()
		lines = append(lines, map[string]any{
			"second": at.Format("2006-01-02T15:04:05"), "milliseconds": at.Nanosecond() / 1_000_000,
			"namespace": line.Namespace, "pod": line.Pod, "container": line.Container, "stack": line.Stack,
			"level": line.Level, "message": line.Message,
		})
	}
	return lines, nil
}

// logsQL is a question in the language of VictoriaLogs; `devenv logs` asks the same (devenv/logs/victoria_logs.py).
func logsQL(given question) string {
	filters := []string{
		"_time:[" + given.since().Format(time.RFC3339Nano) + "," + given.until.Format(time.RFC3339Nano) + "]",
	}
	for _, one := range []struct{ name, value string }{{"stack", given.stack}, {"namespace", given.namespace}} {
		if one.value != "" {
			filters = append(filters, one.name+":="+strconv.Quote(one.value))
		}
	}
	if given.pod != "" {
		filters = append(filters, "pod:="+strconv.Quote(given.pod)+"*")
	}
	if len(given.levels) > 0 {
		filters = append(filters, `level:in("`+strings.Join(given.levels, `","`)+`")`)
	}
	if given.search != "" {
		filters = append(filters, "_msg:~"+strconv.Quote("(?i)"+regexp.QuoteMeta(given.search)))
	}
	return strings.Join(filters, " ") +
		" | fields _time, _msg, namespace, pod, container, stack, level, pod_uid, restart, offset"
}

package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"
)

func TestAQuestionIsQuoted(t *testing.T) {
	until := time.Date(2026, 11, 29, 10, 0, 0, 5, time.UTC)
	for want, asked := range map[string]question{
		`_time:[2026-11-29T09:00:00.000000005Z,2026-11-29T10:00:00.000000005Z]`: {until: until, minutes: 60},
		`_time:[2026-11-29T09:55:00.000000005Z,2026-11-29T10:00:00.000000005Z] stack:="x\" or *" namespace:="shop" pod:="api-"* level:in("error","fatal") _msg:~"(?i)100% \\(a\\.b\\) \\| \""`: {
			until, 5, `100% (a.b) | "`, `x" or *`, "shop", "api-", []string{"error", "fatal"},
		},
	} {
		got, _, _ := strings.Cut(logsQL(asked), " | fields ")
		if got != want {
			t.Errorf("%s\nwanted %s", got, want)
		}
	}
}

// What is handed over first is refused; what is asked for then comes twice.
func TestVictoriaLogsTakesRowsAndTellsEachLineOnce(t *testing.T) {
	refuses := true
	var taken []byte
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/insert/jsonline":
			if refuses {
				http.Error(w, "the disk is full", http.StatusTooManyRequests)
				return
			}
			taken, _ = io.ReadAll(r.Body)
		case "/select/logsql/query":
			line := `{"_time":"2026-11-29T10:00:00.0125Z","_msg":"a","pod":"api-0","pod_uid":"1","offset":"7"}` + "\n"
			fmt.Fprint(w, line, line, strings.Replace(line, `"7"`, `"8"`, 1))
		}
	}))
	defer server.Close()
	address, _ := url.Parse(server.URL)
	there := &victoriaLogs{url: address, client: server.Client()}
	err := there.deliver(context.Background(), []byte("{}\n"))
	if err == nil || !strings.Contains(err.Error(), "the disk is full") {
		t.Error(err)
	}
	refuses = false
	var rows bytes.Buffer
	if err := (row{Message: "short", Fields: map[string]string{"a": "b"}}).write(&rows); err != nil {
		t.Fatal(err)
	}
	if err := (row{Message: "long", Fields: map[string]string{"a": strings.Repeat("b", longestRow)}}).write(&rows); err != nil {
		t.Fatal(err)
	}
	if err := there.deliver(context.Background(), rows.Bytes()); err != nil {
		t.Fatal(err)
	}
	decoder := json.NewDecoder(bytes.NewReader(taken))
	var short, long row
	if decoder.Decode(&short) != nil || decoder.Decode(&long) != nil || decoder.More() {
		t.Fatalf("%s", taken)
	}
	if short.Fields["a"] != "b" || long.Message != "long" || long.Fields != nil {
		t.Errorf("%v %v", short, long)
	}
	found, err := there.find(context.Background(), question{until: time.Now(), minutes: 5})
	if err != nil || len(found) != 2 {
		t.Fatal(found, err)
	}
	if found[0]["second"] != "2026-11-29T10:00:00" || found[0]["milliseconds"] != 12 || found[0]["pod"] != "api-0" {
		t.Error(found[0])
	}
}

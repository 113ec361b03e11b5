package main

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"
)

// The server is there before its table is.
func TestWhatIsRefusedIsSentAgain(t *testing.T) {
	kept, _, err := openSpool(t.TempDir(), 1<<30)
	if err != nil {
		t.Fatal(err)
	}
	for _, rows := range []string{"{\"a\":1}\n", "{\"a\":2}\n"} {
		if err := kept.append([]byte(rows), positions{}); err != nil {
			t.Fatal(err)
		}
	}
	ctx, end := context.WithTimeout(context.Background(), 20*time.Second)
	defer end()
	var inserts, made int
	var taken strings.Builder
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if user, password, _ := r.BasicAuth(); user != "u" || password != "p" {
			t.Errorf("logged in as %s", user)
		}
		if r.URL.Query().Get("query") != insert {
			made++
			return
		}
		body, _ := io.ReadAll(r.Body)
		if inserts++; inserts == 1 {
			http.Error(w, "Code: 60. DB::Exception: Unknown table", http.StatusNotFound)
			return
		}
		taken.Write(body)
		end()
	}))
	defer server.Close()
	address, err := url.Parse(server.URL)
	if err != nil {
		t.Fatal(err)
	}
	told := &metrics{spool: kept}
	sender := &clickhouse{url: address, user: "u", password: "p", retentionDays: 3, client: server.Client()}
	send(ctx, sender, kept, told)
	if taken.String() != "{\"a\":1}\n{\"a\":2}\n" {
		t.Errorf("taken: %q", taken.String())
	}
	if made != 2*len(statements(3)) {
		t.Errorf("the table was made by %d statements", made)
	}
	if told.failures.Load() != 1 {
		t.Errorf("%d failures", told.failures.Load())
	}
}

func TestTheSchemaHasTheRetention(t *testing.T) {
	found := strings.Join(statements(3), ";\n")
	if strings.Contains(found, "{retention}") || !strings.Contains(found, "INTERVAL 3 DAY") || len(statements(3)) != 3 {
		t.Error(found)
	}
}

func TestStacks(t *testing.T) {
	for want, labels := range map[string]map[string]string{
		"postgres": {"devenv.io/stack": "postgres", "app.kubernetes.io/instance": "main"},
		"shop":     {"app.kubernetes.io/instance": "shop"},
		"":         {},
	} {
		if got := stackOf(labels); got != want {
			t.Errorf("%v: %q", labels, got)
		}
	}
}

package main

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
)

func TestLogsAreAskedForByOneQuestionWithParameters(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked := r.URL.Query()
		user, password, _ := r.BasicAuth()
		if r.Method != "GET" || user != "reader" || password != "r" || asked.Get("query") != logQuestion {
			http.Error(w, "not this way", http.StatusForbidden)
			return
		}
		fmt.Fprintf(w, `{"data": [{"message": %q}]}`, strings.Join([]string{
			asked.Get("param_since"), asked.Get("param_until"), asked.Get("param_search"), asked.Get("param_stack"), asked.Get("param_namespace"),
			asked.Get("param_pod"), asked.Get("param_levels"),
		}, " "))
	}))
	defer server.Close()
	address, _ := url.Parse(server.URL)
	page := httptest.NewServer(reader(&clickhouse{url: address, user: "u", password: "p", readerPassword: "r", client: server.Client()}))
	defer page.Close()
	asked := url.Values{
		"search": {"a'\\\t"}, "stack": {"x' OR 1"}, "namespace": {"shop"}, "pod": {"api-"}, "level": {"error"}, "minutes": {"5"},
		"until": {"2026-11-29T10:00:00Z"}, "query": {"DROP"},
	}
	status, got := get(t, page.URL+"?"+asked.Encode())
	if want := `[{"message":"2026-11-29 09:55:00.000000000 2026-11-29 10:00:00.000000000 a'\\\\\\t x' OR 1 shop api- ['error','fatal']"}]` + "\n"; status != 200 || got != want {
		t.Errorf("%d %q", status, got)
	}
	for _, wrong := range []string{"minutes=0", "minutes=x", "level=bad", "until=now"} {
		if status, _ := get(t, page.URL+"?"+wrong); status != 400 {
			t.Errorf("%s: %d", wrong, status)
		}
	}
}

func get(t *testing.T, address string) (int, string) {
	t.Helper()
	response, err := http.Get(address)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	content, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return response.StatusCode, string(content)
}

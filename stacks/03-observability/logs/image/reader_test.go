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
		if r.Method != "GET" || user != "u" || password != "p" || asked.Get("query") != logQuestion {
			http.Error(w, "not this way", http.StatusForbidden)
			return
		}
		fmt.Fprintf(w, `{"data": [{"message": %q}]}`, strings.Join([]string{
			asked.Get("param_minutes"), asked.Get("param_search"), asked.Get("param_stack"), asked.Get("param_levels"),
		}, " "))
	}))
	defer server.Close()
	address, _ := url.Parse(server.URL)
	page := httptest.NewServer(http.HandlerFunc((&clickhouse{url: address, user: "u", password: "p", client: server.Client()}).logs))
	defer page.Close()
	asked := url.Values{"search": {"a'\\\t"}, "stack": {"x' OR 1"}, "level": {"error"}, "minutes": {"5"}, "query": {"DROP"}}
	status, got := get(t, page.URL+"?"+asked.Encode())
	if want := `[{"message":"5 a'\\\\\\t x' OR 1 ['error','fatal']"}]` + "\n"; status != 200 || got != want {
		t.Errorf("%d %q", status, got)
	}
	for _, wrong := range []string{"minutes=0", "minutes=x", "level=bad"} {
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

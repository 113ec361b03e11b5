package main

import (
	"context"
	"net/http"
	"net/http/httptest"
	"net/url"
	"testing"
)

func TestTheTableIsMadeWhereItCannotBeAskedAndLeftAloneElsewhere(t *testing.T) {
	var made []string
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodPost {
			made = append(made, r.URL.Query().Get("query"))
		} else if len(made) == 0 {
			http.Error(w, "Code: 60. DB::Exception: Unknown table", http.StatusNotFound)
		} else {
			w.Write([]byte(`{"data": []}`))
		}
	}))
	defer server.Close()
	address, err := url.Parse(server.URL)
	if err != nil {
		t.Fatal(err)
	}
	store := &clickhouse{url: address, retentionDays: 3, client: server.Client()}
	for range 2 {
		if err := ensure(context.Background(), store); err != nil {
			t.Fatal(err)
		}
	}
	if want := statements(3); len(made) != len(want) || made[0] != want[0] {
		t.Errorf("made by %q", made)
	}
}

package main

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

func TestAFolderFollowsConfigMapsWithALabel(t *testing.T) {
	answer, folder, account := "", t.TempDir(), t.TempDir()
	api := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Query().Get("labelSelector") != "grafana_dashboard=1" || answer == "" {
			http.Error(w, "not now", http.StatusServiceUnavailable)
			return
		}
		fmt.Fprintf(w, `{"items": [{"metadata": {"name": "mine", "namespace": "shop"}, "data": {%s}}]}`, answer)
	}))
	defer api.Close()
	if err := os.WriteFile(filepath.Join(account, "token"), []byte("secret"), 0o600); err != nil {
		t.Fatal(err)
	}
	c := &cluster{api.Client(), api.URL, account, "grafana"}
	for _, step := range []struct{ data, files, problem string }{
		{`"a.json": "{}", "b.json": "[1]", "notes.txt": "-"`, "shop_mine_a.json={} shop_mine_b.json=[1]", ""},
		{`"a.json": "{\"title\": 1}"`, `shop_mine_a.json={"title": 1}`, ""},
		{``, `shop_mine_a.json={"title": 1}`, "503"}, // nobody answers
		{`"a.json": "{}", "half.json": "{"`, "shop_mine_a.json={}", "no valid JSON: shop_mine_half.json"},
		{`"notes.txt": "-"`, "", ""},
	} {
		answer = step.data
		err := c.copyTo(context.Background(), "grafana_dashboard=1", folder)
		if (err == nil) != (step.problem == "") || err != nil && !strings.Contains(err.Error(), step.problem) {
			t.Errorf("%s: %v", step.data, err)
		}
		found := []string{}
		entries, _ := os.ReadDir(folder)
		for _, entry := range entries {
			text, _ := os.ReadFile(filepath.Join(folder, entry.Name()))
			found = append(found, entry.Name()+"="+string(text))
		}
		slices.Sort(found)
		if got := strings.Join(found, " "); got != step.files {
			t.Errorf("%s: %s", step.data, got)
		}
	}
}

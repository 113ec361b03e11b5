package main

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"
)

const sound = `{"kind": "Dashboard", "metadata": {"name": %q}, "spec": {"panels": {}, "layouts": []}}`

// serve gives the address of the server, whose Prometheus answers with what it was asked.
func serve(t *testing.T, items string) string {
	prometheus := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		fmt.Fprintf(w, "%s %s %s %s", r.Method, r.URL.RequestURI(), body, r.Header.Get("Cookie"))
	}))
	api := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Authorization") != "Bearer secret" || r.URL.Query().Get("labelSelector") != label {
			http.Error(w, "not allowed", http.StatusForbidden)
			return
		}
		fmt.Fprintf(w, `{"items": [%s]}`, items)
	}))
	folder := t.TempDir()
	if err := os.WriteFile(filepath.Join(folder, "token"), []byte("secret\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	target, _ := url.Parse(prometheus.URL)
	files := fstest.MapFS{"index.html": {Data: []byte("the page")}, "main-ABC.css": {Data: []byte("the style")}}
	server := httptest.NewServer(routes(target, target, &cluster{api.Client(), api.URL, folder, "dashboards"}, files))
	t.Cleanup(func() { server.Close(); api.Close(); prometheus.Close() })
	return server.URL
}

func send(t *testing.T, method, address, body string, header map[string]string) (int, string) {
	request, err := http.NewRequest(method, address, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	for name, value := range header {
		request.Header.Set(name, value)
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	content, _ := io.ReadAll(response.Body)
	return response.StatusCode, string(content)
}

func TestQuestionsReachPrometheusAndNothingElseDoes(t *testing.T) {
	server := serve(t, "")
	asked := server + "/api/prometheus/api/v1/"
	status, got := send(t, "GET", asked+"label/pod/values?match[]=up", "", map[string]string{"Cookie": "a=b"})
	if status != 200 || got != "GET /api/v1/label/pod/values?match[]=up  " {
		t.Errorf("%d %q", status, got)
	}
	status, got = send(t, "POST", asked+"query", "query=up", nil)
	if status != 200 || got != "POST /api/v1/query query=up " {
		t.Errorf("%d %q", status, got)
	}
	for _, refused := range []string{
		"admin/tsdb/delete_series", "admin/tsdb/snapshot", "write", "otlp/v1/metrics", "status/config", "targets",
		"query/../admin/tsdb/snapshot", "query%2f..%2fadmin%2ftsdb%2fsnapshot", "label/../values", "label/a%2f..%2fb/values",
		"../../-/reload", "..%2f..%2f-/quit",
	} {
		if status, got := send(t, "POST", asked+refused, "", nil); status != 403 && status != 404 {
			t.Errorf("%s: %d %q", refused, status, got)
		}
	}
	for _, method := range []string{"PUT", "DELETE", "PATCH"} {
		if status, got := send(t, method, asked+"query", "", nil); status != 405 {
			t.Errorf("%s: %d %q", method, status, got)
		}
	}
}

func TestAnotherSiteCannotAskByAForm(t *testing.T) {
	server := serve(t, "")
	header := map[string]string{"Sec-Fetch-Site": "cross-site", "Origin": "http://elsewhere.example"}
	if status, got := send(t, "POST", server+"/api/prometheus/api/v1/query", "query=up", header); status != 403 {
		t.Errorf("%d %q", status, got)
	}
}

func TestDashboardsAreListedWithWhatIsWrong(t *testing.T) {
	entry := func(namespace, name, key, text string) string {
		quoted, _ := json.Marshal(text)
		return fmt.Sprintf(`{"metadata": {"name": %q, "namespace": %q}, "data": {%q: %s}}`, name, namespace, key, quoted)
	}
	server := serve(t, strings.Join([]string{
		entry("app", "broken", "broken.json", `{"kind": `),
		entry("app", "other", "other.json", `{"kind": "List"}`),
		entry("app", "thief", "x.json", fmt.Sprintf(sound, "nodes")),
		entry("app", "mine", "mine.json", fmt.Sprintf(sound, "mine")),
		entry("app", "note", "README.md", "no dashboard"),
		entry("dashboards", "nodes", "nodes.json", fmt.Sprintf(sound, "nodes")),
	}, ","))
	status, body := send(t, "GET", server+"/api/dashboards", "", nil)
	var found []dashboard
	if err := json.Unmarshal([]byte(body), &found); err != nil || status != 200 {
		t.Fatalf("%d %s", status, body)
	}
	wanted := []string{"nodes true ", "broken false no valid JSON", "mine false ", "other false it is not", "nodes false the name nodes"}
	if len(found) != len(wanted) {
		t.Fatalf("%s", body)
	}
	for i, entry := range found {
		if got := fmt.Sprintf("%s %t %s", entry.Name, entry.Own, entry.Problem); !strings.HasPrefix(got, wanted[i]) {
			t.Errorf("%d: %s", i, got)
		}
		if (entry.Problem == "") != (entry.Resource != nil) {
			t.Errorf("%s: content goes with no problem", entry.Name)
		}
	}
}

func TestAPathOfThePageGetsThePage(t *testing.T) {
	server := serve(t, "")
	for path, wanted := range map[string]string{"/": "the page", "/d/nodes": "the page", "/logs": "the page", "/main-ABC.css": "the style"} {
		if status, got := send(t, "GET", server+path, "", nil); status != 200 || got != wanted {
			t.Errorf("%s: %d %q", path, status, got)
		}
	}
	for _, path := range []string{"/nothing.js", "/api/v1/secrets", "/..%2fgo.mod"} {
		if status, _ := send(t, "GET", server+path, "", nil); status != 404 && status != 400 {
			t.Errorf("%s: %d", path, status)
		}
	}
}

func TestLogsAreAskedForWhereTheyAreKept(t *testing.T) {
	status, got := send(t, "GET", serve(t, "")+"/api/logs?search=a", "", map[string]string{"Cookie": "a=b"})
	if status != 200 || got != "GET /api/logs?search=a  " {
		t.Errorf("%d %q", status, got)
	}
	page := httptest.NewServer(logsProxy(&url.URL{}))
	defer page.Close()
	if status, got := send(t, "GET", page.URL, "", nil); status != 404 || !strings.Contains(got, "stack logs") {
		t.Errorf("%d %q", status, got)
	}
}

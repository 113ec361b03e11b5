package main

import (
	"net/http"
	"net/url"
	"regexp"
)

// What dashboards ask. Nothing here changes anything, or tells of the configuration.
var readOnly = regexp.MustCompile(`^/api/v1/(query|query_range|labels|series|metadata|label/[a-zA-Z_][a-zA-Z0-9_]*/values)$`)

const longestQuery = 1 << 20

// prometheusProxy passes questions on to Prometheus, by GET or as a form by POST, and refuses all else.
func prometheusProxy(target *url.URL) http.Handler {
	proxy := proxyTo(target, "Prometheus cannot be asked", func(w http.ResponseWriter, told string) {
		// In Prometheus's own form, which the page shows.
		answer(w, http.StatusBadGateway, map[string]string{
			"status": "error", "errorType": "unavailable", "error": told,
		})
	})
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !readOnly.MatchString(r.URL.Path) {
			http.Error(w, "only questions are passed on to Prometheus", http.StatusForbidden)
			return
		}
		if r.Method != http.MethodGet && r.Method != http.MethodPost {
			w.Header().Set("Allow", "GET, POST")
			http.Error(w, "a question is asked by GET or POST", http.StatusMethodNotAllowed)
			return
		}
		r.Body = http.MaxBytesReader(w, r.Body, longestQuery)
		proxy.ServeHTTP(w, r)
	})
}

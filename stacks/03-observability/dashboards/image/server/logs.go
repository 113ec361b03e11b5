package main

import (
	"net/http"
	"net/url"
)

// logsProxy passes on what the page asks of logs, and nothing else; without an address there are none.
func logsProxy(target *url.URL) http.Handler {
	if target.Host == "" {
		return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			answer(w, http.StatusNotFound, map[string]string{"error": "Logs are kept where the project has the stack logs."})
		})
	}
	return proxyTo(target, "Logs cannot be asked for", func(w http.ResponseWriter, told string) {
		answer(w, http.StatusBadGateway, map[string]string{"error": told})
	})
}

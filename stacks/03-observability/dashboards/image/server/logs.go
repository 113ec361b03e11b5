package main

import (
	"log"
	"net/http"
	"net/http/httputil"
	"net/url"
)

// logsProxy passes on what the page asks of logs, and nothing else; without an address there are none.
func logsProxy(target *url.URL) http.Handler {
	if target.Host == "" {
		return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			answer(w, http.StatusNotFound, map[string]string{"error": "Logs are kept where the project has the stack logs."})
		})
	}
	return &httputil.ReverseProxy{
		Rewrite: func(r *httputil.ProxyRequest) {
			r.SetURL(target)
			r.Out.Host = target.Host
			for _, name := range []string{"Authorization", "Cookie"} {
				r.Out.Header.Del(name)
			}
		},
		ErrorHandler: func(w http.ResponseWriter, _ *http.Request, err error) {
			log.Printf("logs cannot be asked for: %v", err)
			answer(w, http.StatusBadGateway, map[string]string{"error": "Logs cannot be asked for: " + err.Error()})
		},
	}
}

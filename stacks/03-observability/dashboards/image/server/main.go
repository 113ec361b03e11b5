// Serves the page with the dashboards, the dashboards that ConfigMaps hold, what these ask of Prometheus, and logs.
//
// Responsible for letting nothing else through: a page in a browser reaches neither Prometheus's administration nor
// the API server. It keeps nothing: what it answers is asked for at that moment.
package main

import (
	"embed"
	"encoding/json"
	"io/fs"
	"log"
	"net/http"
	"net/url"
	"os"
	"strings"
	"time"
)

//go:embed all:page
var built embed.FS

// Scripts come from here alone; MUI writes styles into the document.
const contentSecurity = "default-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data: blob:; " +
	"object-src 'none'; base-uri 'none'; frame-ancestors 'self'"

func main() {
	if len(os.Args) == 4 && os.Args[1] == "follow" {
		cluster, err := inCluster()
		if err != nil {
			log.Fatal(err)
		}
		follow(cluster, os.Args[2], os.Args[3])
	}
	prometheus, err := url.Parse(os.Getenv("PROMETHEUS_URL"))
	if err != nil || prometheus.Host == "" {
		log.Fatalf("PROMETHEUS_URL is expected, such as http://prometheus.monitoring:9090: %v", err)
	}
	logs, err := url.Parse(os.Getenv("LOGS_URL"))
	if err != nil {
		log.Fatalf("LOGS_URL is no address: %v", err)
	}
	cluster, err := inCluster()
	if err != nil {
		log.Fatal(err)
	}
	pages, err := fs.Sub(built, "page")
	if err != nil {
		log.Fatal(err)
	}
	server := &http.Server{
		Addr:              ":8080",
		Handler:           routes(prometheus, logs, cluster, pages),
		ReadHeaderTimeout: 10 * time.Second,
		ReadTimeout:       30 * time.Second,
		IdleTimeout:       2 * time.Minute,
	}
	log.Printf("listening on %s, asking %s", server.Addr, prometheus)
	log.Fatal(server.ListenAndServe())
}

func routes(prometheus, logs *url.URL, cluster *cluster, pages fs.FS) http.Handler {
	mux := http.NewServeMux()
	mux.Handle("/api/prometheus/", http.StripPrefix("/api/prometheus", prometheusProxy(prometheus)))
	mux.HandleFunc("GET /api/dashboards", func(w http.ResponseWriter, r *http.Request) {
		found, err := cluster.dashboards(r.Context())
		if err != nil {
			log.Printf("dashboards cannot be listed: %v", err)
			answer(w, http.StatusBadGateway, map[string]string{"error": err.Error()})
			return
		}
		answer(w, http.StatusOK, found)
	})
	mux.Handle("GET /api/logs", logsProxy(logs))
	mux.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNoContent) })
	mux.HandleFunc("/api/", http.NotFound)
	mux.Handle("/", &pageFiles{pages})
	guarded := http.NewCrossOriginProtection().Handler(mux)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		header := w.Header()
		header.Set("Content-Security-Policy", contentSecurity)
		header.Set("X-Content-Type-Options", "nosniff")
		header.Set("Referrer-Policy", "same-origin")
		if strings.HasPrefix(r.URL.Path, "/api/") {
			header.Set("Cache-Control", "no-store")
		}
		guarded.ServeHTTP(w, r)
	})
}

func answer(w http.ResponseWriter, status int, content any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	if err := json.NewEncoder(w).Encode(content); err != nil {
		log.Printf("an answer was not taken: %v", err)
	}
}

// Command api says hello.
package main

import (
	"cmp"
	"encoding/json"
	"log"
	"net/http"
	"time"
)

func main() {
	http.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNoContent) })
	http.HandleFunc("GET /hello", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		_ = json.NewEncoder(w).Encode(map[string]string{"hello": cmp.Or(r.FormValue("name"), "world")})
	})
	server := &http.Server{Addr: ":8080", ReadHeaderTimeout: 5 * time.Second}
	log.Print("listening on :8080")
	log.Fatal(server.ListenAndServe())
}

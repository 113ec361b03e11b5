// Command stock tells what there is, over PostgreSQL.
package main

import (
	"context"
	"encoding/json"
	"log"
	"net/http"
	"os"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
)

type good struct {
	Name   string `json:"name"`
	Amount int    `json:"amount"`
}

func main() {
	database, err := pgxpool.New(context.Background(), os.Getenv("DATABASE_URL"))
	if err != nil {
		log.Fatal(err)
	}
	http.HandleFunc("GET /healthz", func(w http.ResponseWriter, r *http.Request) {
		if _, err := goods(r.Context(), database); err != nil {
			http.Error(w, err.Error(), http.StatusServiceUnavailable)
			return
		}
		w.WriteHeader(http.StatusNoContent)
	})
	http.HandleFunc("GET /goods", func(w http.ResponseWriter, r *http.Request) {
		found, err := goods(r.Context(), database)
		if err != nil {
			http.Error(w, err.Error(), http.StatusInternalServerError)
			return
		}
		w.Header().Set("Content-Type", "application/json")
		_ = json.NewEncoder(w).Encode(found)
	})
	server := &http.Server{Addr: ":8080", ReadHeaderTimeout: 5 * time.Second}
	log.Print("listening on :8080")
	log.Fatal(server.ListenAndServe())
}

func goods(ctx context.Context, database *pgxpool.Pool) ([]good, error) {
	rows, err := database.Query(ctx, "SELECT name, amount FROM goods ORDER BY name")
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, pgx.RowToStructByPos[good])
}

// Command api keeps notes in PostgreSQL.
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

type note struct {
	ID    int64  `json:"id"`
	Text  string `json:"text"`
	Words *int   `json:"words"`
}

type api struct{ database *pgxpool.Pool }

func main() {
	database, err := pgxpool.New(context.Background(), os.Getenv("DATABASE_URL"))
	if err != nil {
		log.Fatal(err)
	}
	api := api{database}
	http.HandleFunc("GET /healthz", api.health)
	http.HandleFunc("GET /notes", api.list)
	http.HandleFunc("POST /notes", api.add)
	server := &http.Server{Addr: ":8080", ReadHeaderTimeout: 5 * time.Second}
	log.Print("listening on :8080")
	log.Fatal(server.ListenAndServe())
}

func (a api) health(w http.ResponseWriter, r *http.Request) {
	if _, err := a.database.Exec(r.Context(), "SELECT 1 FROM notes LIMIT 1"); err != nil {
		http.Error(w, err.Error(), http.StatusServiceUnavailable)
		return
	}
	w.WriteHeader(http.StatusNoContent)
}

func (a api) list(w http.ResponseWriter, r *http.Request) {
	rows, err := a.database.Query(r.Context(), "SELECT id, text, words FROM notes ORDER BY id")
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	notes, err := pgx.CollectRows(rows, pgx.RowToStructByPos[note])
	answer(w, http.StatusOK, notes, err)
}

func (a api) add(w http.ResponseWriter, r *http.Request) {
	added := note{Text: r.FormValue("text")}
	insert := "INSERT INTO notes (text) VALUES ($1) RETURNING id"
	err := a.database.QueryRow(r.Context(), insert, added.Text).Scan(&added.ID)
	answer(w, http.StatusCreated, added, err)
}

func answer(w http.ResponseWriter, status int, value any, err error) {
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(value)
}

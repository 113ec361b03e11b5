package main

import (
	"crypto/rand"
	"encoding/json"
	"log/slog"
	"net/http"
	"strings"
)

const maxBodyBytes = 64 << 10

type api struct {
	settings settings
	items    *items
	outbox   *outbox
}

func routes(s settings, i *items, o *outbox) http.Handler {
	a := &api{settings: s, items: i, outbox: o}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNoContent) })
	mux.HandleFunc("GET /readyz", a.ready)
	mux.HandleFunc("GET /{$}", a.overview)
	mux.HandleFunc("GET /items", a.listItems)
	mux.HandleFunc("POST /items", a.addItem)
	return mux
}

func (a *api) ready(w http.ResponseWriter, r *http.Request) {
	if err := a.items.check(r.Context()); err != nil {
		fail(w, http.StatusServiceUnavailable, err)
		return
	}
	w.WriteHeader(http.StatusNoContent)
}

// overview touches everything that the environment provides, and says what came of it.
func (a *api) overview(w http.ResponseWriter, r *http.Request) {
	count, err := a.items.count(r.Context())
	if err != nil {
		fail(w, http.StatusBadGateway, err)
		return
	}
	key := "visits/" + rand.Text()
	message, err := a.outbox.send(r.Context(), key)
	if err != nil {
		fail(w, http.StatusBadGateway, err)
		return
	}
	tag, err := a.outbox.put(r.Context(), key, r.UserAgent())
	if err != nil {
		fail(w, http.StatusBadGateway, err)
		return
	}
	answer(w, http.StatusOK, map[string]any{
		"greeting": a.settings.greeting,
		"database": map[string]any{"user": a.settings.databaseUser, "items": count},
		"queue":    map[string]any{"name": a.settings.queue, "message_id": message},
		"bucket":   map[string]any{"name": a.settings.bucket, "key": key, "etag": tag},
	})
}

func (a *api) listItems(w http.ResponseWriter, r *http.Request) {
	found, err := a.items.list(r.Context())
	if err != nil {
		fail(w, http.StatusBadGateway, err)
		return
	}
	answer(w, http.StatusOK, found)
}

func (a *api) addItem(w http.ResponseWriter, r *http.Request) {
	var wanted struct {
		Name string `json:"name"`
	}
	if err := json.NewDecoder(http.MaxBytesReader(w, r.Body, maxBodyBytes)).Decode(&wanted); err != nil {
		fail(w, http.StatusBadRequest, err)
		return
	}
	if strings.TrimSpace(wanted.Name) == "" {
		answer(w, http.StatusBadRequest, map[string]string{"error": "name is missing"})
		return
	}
	added, err := a.items.add(r.Context(), wanted.Name)
	if err != nil {
		fail(w, http.StatusBadGateway, err)
		return
	}
	answer(w, http.StatusCreated, added)
}

func fail(w http.ResponseWriter, status int, err error) {
	slog.Warn("request failed", "status", status, "error", err)
	answer(w, status, map[string]string{"error": err.Error()})
}

func answer(w http.ResponseWriter, status int, body any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	if err := json.NewEncoder(w).Encode(body); err != nil {
		slog.Warn("answer not sent", "error", err)
	}
}

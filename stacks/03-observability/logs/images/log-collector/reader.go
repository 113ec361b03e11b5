package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
)

const (
	readWithin  = 30 * time.Second
	longestBack = 7 * 24 * 60
	mostLines   = "500"
)

var levels = []string{"trace", "debug", "info", "warning", "error", "fatal"}

// question is what the form of the dashboards' page asks for; what is empty leaves nothing out.
type question struct {
	// Until when, and how long before that.
	until                         time.Time
	minutes                       int
	search, stack, namespace, pod string
	levels                        []string
}

// reader answers the page. A browser sends no question of its own: there is one, with parameters.
func reader(from store) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		asked, err := questionOf(r.URL.Query())
		if err != nil {
			answer(w, http.StatusBadRequest, map[string]string{"error": err.Error()})
			return
		}
		ctx, cancel := context.WithTimeout(r.Context(), readWithin)
		defer cancel()
		found, err := from.find(ctx, asked)
		if err != nil {
			log.Printf("logs cannot be read: %v", err)
			told := from.name() + " cannot be asked: " + err.Error()
			answer(w, http.StatusBadGateway, map[string]string{"error": told})
			return
		}
		answer(w, http.StatusOK, found)
	}
}

func questionOf(asked url.Values) (question, error) {
	minutes := 60
	if given := asked.Get("minutes"); given != "" {
		var err error
		if minutes, err = strconv.Atoi(given); err != nil || minutes < 1 || minutes > longestBack {
			return question{}, fmt.Errorf("minutes: a number from 1 to %d is expected", longestBack)
		}
	}
	until := time.Now()
	if given := asked.Get("until"); given != "" {
		var err error
		if until, err = time.Parse(time.RFC3339, given); err != nil {
			return question{}, errors.New("until: a time such as 2026-11-29T10:00:00Z is expected")
		}
	}
	var atLeast []string
	if level := asked.Get("level"); level != "" {
		first := slices.Index(levels, level)
		if first < 0 {
			return question{}, fmt.Errorf("level: one of %s is expected", strings.Join(levels, ", "))
		}
		atLeast = levels[first:]
	}
	return question{
		until.UTC(), minutes, asked.Get("search"), asked.Get("stack"), asked.Get("namespace"), asked.Get("pod"), atLeast,
	}, nil
}

func (q question) since() time.Time { return q.until.Add(-time.Duration(q.minutes) * time.Minute) }

// taken reads an answer to its end, so that its connection can be used again; an error where it is a refusal.
func taken(response *http.Response) error {
	if response.StatusCode >= http.StatusMultipleChoices {
		return refusal(response)
	}
	_, err := io.Copy(io.Discard, response.Body)
	return err
}

// refusal is what a server said that refused something.
func refusal(response *http.Response) error {
	said, _ := io.ReadAll(io.LimitReader(response.Body, 500))
	return fmt.Errorf("%s: %s", response.Status, bytes.TrimSpace(said))
}

func answer(w http.ResponseWriter, status int, content any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	if err := json.NewEncoder(w).Encode(content); err != nil {
		log.Printf("an answer was not taken: %v", err)
	}
}

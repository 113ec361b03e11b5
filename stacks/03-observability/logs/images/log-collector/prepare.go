package main

import (
	"context"
	"log"
	"net/http"
	"sync/atomic"
	"time"
)

const lookedAfter = 10 * time.Second

// prepareOnly makes the table, and makes it again when somebody dropped it, until the context ends.
func prepareOnly(ctx context.Context, to store) error {
	var there atomic.Int64
	http.HandleFunc("GET /healthz", healthz(&there, "the table could not be made yet"))
	go listen()
	for failing := false; ; {
		err := ensure(ctx, to)
		pause := firstPause
		switch {
		case err == nil:
			pause, failing = lookedAfter, false
			if there.Swap(time.Now().Unix()) == 0 {
				log.Printf("%s has the table", to.name())
			}
		case !failing && ctx.Err() == nil:
			log.Printf("%s has no table yet: %v", to.name(), err)
			failing = true
		}
		select {
		case <-ctx.Done():
			return nil
		case <-time.After(pause):
		}
	}
}

// ensure changes nothing where the table can be asked.
func ensure(ctx context.Context, to store) error {
	ctx, cancel := context.WithTimeout(ctx, readWithin)
	defer cancel()
	if _, err := to.find(ctx, question{until: time.Now().UTC()}); err == nil {
		return nil
	}
	return to.prepare(ctx)
}

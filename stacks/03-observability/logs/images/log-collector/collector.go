package main

import (
	"bytes"
	"context"
	"log"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

const (
	looks       = 250 * time.Millisecond
	segmentSize = 4 << 20
	segmentAge  = time.Second
)

// collector reads the logs of a node's pods into the spool.
type collector struct {
	folder, node string
	pods         *pods
	kept         *spool
	told         *metrics
	// Of files that no run has taken up yet.
	known positions
	runs  map[string]*run
	rows  bytes.Buffer
	since time.Time
}

// collect reads until the context ends. What is not in the spool by then is read again next time.
func (c *collector) collect(ctx context.Context) error {
	buffer := make([]byte, readSize)
	var looked time.Time
	for ctx.Err() == nil {
		now := time.Now()
		if now.Sub(looked) >= looks {
			c.look(now)
			looked = now
		}
		more := false
		// The files stay open meanwhile, so what is rotated away is not lost.
		if !c.kept.full() {
			more = c.read(buffer, now)
		}
		if c.rows.Len() >= segmentSize || c.rows.Len() > 0 && now.Sub(c.since) >= segmentAge {
			if err := c.keep(); err != nil {
				return err
			}
		}
		c.told.looked.Store(now.Unix())
		if !more {
			select {
			case <-ctx.Done():
			case <-time.After(looks):
			}
		}
	}
	return nil
}

// look finds the runs of all containers, by their folders <namespace>_<pod>_<uid>/<container>/<restart>.log.
func (c *collector) look(now time.Time) {
	found := map[string][]string{}
	containers, err := filepath.Glob(filepath.Join(c.folder, "*_*_*", "*"))
	if err != nil {
		log.Print(err)
	}
	for _, folder := range containers {
		entries, err := os.ReadDir(folder)
		if err != nil {
			continue // gone just now, or no folder
		}
		for _, file := range entries {
			number, rest, isLog := strings.Cut(file.Name(), ".log")
			restart, err := strconv.Atoi(number)
			if !isLog || err != nil || strings.HasSuffix(rest, ".tmp") {
				continue
			}
			key := filepath.Join(folder, number)
			found[key] = append(found[key], file.Name())
			if c.runs[key] == nil {
				c.runs[key] = newRun(folder, restart, now)
			}
		}
	}
	for key, one := range c.runs {
		one.discover(found[key], c.known)
		if one.over() {
			delete(c.runs, key)
			c.pods.forget(one.source)
		}
	}
	// What no file has now, none will have.
	c.known = nil
	c.told.containers.Store(int64(len(c.runs)))
}

func newRun(folder string, restart int, now time.Time) *run {
	parts := strings.Split(filepath.Base(filepath.Dir(folder)), "_")
	from := source{parts[0], parts[1], parts[2], filepath.Base(folder), restart}
	return &run{source: from, folder: folder, seen: now}
}

// read takes a part of what is new of every run; true when there may be more.
func (c *collector) read(buffer []byte, now time.Time) bool {
	more := false
	for _, one := range c.runs {
		stack, known := c.pods.stack(one.source, one.seen)
		if !known {
			continue
		}
		if one.read(buffer, now, func(done *entry) { c.emit(one, done, stack, now) }) {
			more = true
		}
		if c.rows.Len() >= segmentSize {
			return true
		}
	}
	return more
}

func (c *collector) emit(from *run, done *entry, stack string, now time.Time) {
	if c.rows.Len() == 0 {
		c.since = now
	}
	if err := writeRow(&c.rows, from.source, done, c.node, stack); err != nil {
		log.Printf("a line of %s cannot be written: %v", from.folder, err)
	}
	c.told.lines.Add(1)
}

func (c *collector) keep() error {
	read := positions{}
	for _, one := range c.runs {
		one.note(read)
	}
	if err := c.kept.append(c.rows.Bytes(), read); err != nil {
		return err
	}
	c.rows.Reset()
	return nil
}

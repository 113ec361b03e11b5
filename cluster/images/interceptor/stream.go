package main

import (
	"encoding/binary"
	"net"
	"sync"
)

// A stream is one connection of the cluster's.
type stream struct {
	number     uint32
	connection *net.TCPConn
	changed    *sync.Cond
	credit     int      // bytes that may be sent
	queue      [][]byte // what came and is not written yet
	queued     int
	finished   bool // nothing more will come
	dropped    bool
}

func newStream(number uint32, connection *net.TCPConn) *stream {
	return &stream{number: number, connection: connection, changed: sync.NewCond(&sync.Mutex{}), credit: window}
}

// take applies a frame, and tells whether it may be: one over the window is none of devenv's.
func (t *stream) take(kind byte, payload []byte) bool {
	if kind == abort {
		t.drop()
		return true
	}
	t.changed.L.Lock()
	defer t.changed.L.Unlock()
	switch {
	case kind == data:
		t.queue = append(t.queue, payload)
		t.queued += len(payload)
	case kind == credit && len(payload) == 4:
		t.credit += int(binary.BigEndian.Uint32(payload))
	case kind == finish:
		t.finished = true
	default:
		return false
	}
	t.changed.Broadcast()
	return t.queued <= window
}

// drop ends the connection as a broken one, and tells whether it was there until now.
func (t *stream) drop() bool {
	t.changed.L.Lock()
	defer t.changed.L.Unlock()
	if t.dropped {
		return false
	}
	t.dropped = true
	t.connection.SetLinger(0)
	t.connection.Close()
	t.changed.Broadcast()
	return true
}

// room waits until something may be sent, and returns how much; 0 of a stream that was dropped.
func (t *stream) room() int {
	t.changed.L.Lock()
	defer t.changed.L.Unlock()
	for t.credit == 0 && !t.dropped {
		t.changed.Wait()
	}
	if t.dropped {
		return 0
	}
	return t.credit
}

func (t *stream) spend(count int) {
	t.changed.L.Lock()
	t.credit -= count
	t.changed.L.Unlock()
}

// next waits for what came: nil at its end, and no more of a stream that was dropped.
func (t *stream) next() ([]byte, bool) {
	t.changed.L.Lock()
	defer t.changed.L.Unlock()
	for len(t.queue) == 0 && !t.finished && !t.dropped {
		t.changed.Wait()
	}
	if t.dropped {
		return nil, false
	}
	if len(t.queue) == 0 {
		return nil, true
	}
	first := t.queue[0]
	t.queue = t.queue[1:]
	t.queued -= len(first)
	return first, true
}

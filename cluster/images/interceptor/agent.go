package main

import (
	"crypto/subtle"
	"io"
	"net"
	"sync"
	"time"
)

// So long a connection waits where nobody holds the control port, and whoever connects there has to say the word.
const patience = 10 * time.Second

// An agent has at most one session: who comes with the token takes the place of the one before.
type agent struct {
	token   string
	mutex   sync.Mutex
	current *session
	arrived chan struct{} // closed while there is a session
}

func newAgent(token string) *agent {
	return &agent{token: token, arrived: make(chan struct{})}
}

// accept leads every connection to a port to the session.
func (a *agent) accept(listener net.Listener, port uint16) {
	for {
		connection, err := listener.Accept()
		if err != nil {
			if a.isClosed(err) {
				return
			}
			continue
		}
		go func() {
			if found := a.await(patience); found != nil {
				found.lead(connection.(*net.TCPConn), port)
			} else {
				connection.Close()
			}
		}()
	}
}

// admitAll takes in whoever knows the token.
func (a *agent) admitAll(control net.Listener) {
	for {
		connection, err := control.Accept()
		if err != nil {
			if a.isClosed(err) {
				return
			}
			continue
		}
		go a.admit(connection)
	}
}

func (a *agent) admit(connection net.Conn) {
	said := make([]byte, len(a.token))
	connection.SetReadDeadline(time.Now().Add(patience))
	if _, err := io.ReadFull(connection, said); err != nil || subtle.ConstantTimeCompare(said, []byte(a.token)) != 1 {
		connection.Close()
		return
	}
	connection.SetReadDeadline(time.Time{})
	made := newSession(connection)
	if made.write(ready, 0, nil) != nil {
		return
	}
	a.become(made)
	made.serve()
	a.leave(made)
}

func (a *agent) become(made *session) {
	a.mutex.Lock()
	former := a.current
	a.current = made
	if former == nil {
		close(a.arrived)
	}
	a.mutex.Unlock()
	if former != nil {
		former.end()
	}
}

func (a *agent) leave(ended *session) {
	a.mutex.Lock()
	defer a.mutex.Unlock()
	if a.current == ended {
		a.current, a.arrived = nil, make(chan struct{})
	}
}

// await returns the session, nil where none has come in time.
func (a *agent) await(limit time.Duration) *session {
	late := time.After(limit)
	for {
		a.mutex.Lock()
		found, arrived := a.current, a.arrived
		a.mutex.Unlock()
		if found != nil {
			return found
		}
		select {
		case <-arrived:
		case <-late:
			return nil
		}
	}
}

// isClosed tells a listener that is no more from a moment without file descriptors, which passes.
func (a *agent) isClosed(err error) bool {
	temporary, ok := err.(interface{ Temporary() bool })
	if ok && temporary.Temporary() {
		time.Sleep(10 * time.Millisecond)
		return false
	}
	return true
}

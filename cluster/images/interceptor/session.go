package main

import (
	"bufio"
	"encoding/binary"
	"io"
	"net"
	"sync"
)

// What goes over a session: frames of a kind, the number of a stream, the length of what follows, and that. The other
// side is devenv/adapters/interceptor. Many streams share the one connection, for what carries it ends as a whole when
// a single one breaks, and keeps no half-closed one.
const (
	ready  byte = iota + 1 // the token was right
	open                   // a connection has come; its port
	data                   // at most `chunk` bytes
	credit                 // so many bytes more may be sent
	finish                 // nothing more will come from this side
	abort                  // neither side sends more, and what is on its way is dropped
)

const (
	header = 9
	chunk  = 32 << 10
	// So many bytes may be on their way in each direction of a stream: who does not read holds up nobody else.
	window = 256 << 10
)

type session struct {
	connection net.Conn
	writing    sync.Mutex // frames go out whole
	mutex      sync.Mutex
	streams    map[uint32]*stream
	last       uint32
	ended      bool
}

func newSession(connection net.Conn) *session {
	return &session{connection: connection, streams: map[uint32]*stream{}}
}

func (s *session) write(kind byte, number uint32, payload []byte) error {
	frame := make([]byte, header, header+len(payload))
	frame[0] = kind
	binary.BigEndian.PutUint32(frame[1:], number)
	binary.BigEndian.PutUint32(frame[5:], uint32(len(payload)))
	s.writing.Lock()
	_, err := s.connection.Write(append(frame, payload...))
	s.writing.Unlock()
	if err != nil {
		s.end()
	}
	return err
}

// serve reads frames until the connection ends. It writes none: it could wait for a reader that waits for it.
func (s *session) serve() {
	defer s.end()
	reader := bufio.NewReaderSize(s.connection, 2*chunk)
	head := make([]byte, header)
	for {
		if _, err := io.ReadFull(reader, head); err != nil {
			return
		}
		length := binary.BigEndian.Uint32(head[5:])
		if length > chunk {
			return
		}
		payload := make([]byte, length)
		if _, err := io.ReadFull(reader, payload); err != nil {
			return
		}
		s.mutex.Lock()
		found := s.streams[binary.BigEndian.Uint32(head[1:])]
		s.mutex.Unlock()
		// A stream that is not there has ended on this side, and what is said of it crossed that on its way.
		if found != nil && !found.take(head[0], payload) {
			return
		}
	}
}

// end drops all streams.
func (s *session) end() {
	s.mutex.Lock()
	left := s.streams
	s.streams, s.ended = map[uint32]*stream{}, true
	s.mutex.Unlock()
	s.connection.Close()
	for _, each := range left {
		each.drop()
	}
}

// lead leads a connection to the other side until both have nothing more to say.
func (s *session) lead(connection *net.TCPConn, port uint16) {
	made := s.add(connection)
	if made == nil {
		connection.Close()
		return
	}
	if s.write(open, made.number, binary.BigEndian.AppendUint16(nil, port)) != nil {
		return
	}
	received := make(chan struct{})
	go func() {
		s.receive(made)
		close(received)
	}()
	s.send(made)
	<-received
	s.remove(made)
	connection.Close()
}

func (s *session) add(connection *net.TCPConn) *stream {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	if s.ended {
		return nil
	}
	s.last++
	made := newStream(s.last, connection)
	s.streams[made.number] = made
	return made
}

func (s *session) remove(ended *stream) {
	s.mutex.Lock()
	delete(s.streams, ended.number)
	s.mutex.Unlock()
}

// send brings to the other side what comes from the connection.
func (s *session) send(from *stream) {
	buffer := make([]byte, chunk)
	for {
		room := from.room()
		if room == 0 {
			return
		}
		count, err := from.connection.Read(buffer[:min(room, chunk)])
		if count > 0 {
			from.spend(count)
			if s.write(data, from.number, buffer[:count]) != nil {
				return
			}
		}
		if err == io.EOF {
			s.write(finish, from.number, nil)
			return
		}
		if err != nil {
			s.give(from)
			return
		}
	}
}

// receive brings to the connection what comes from the other side.
func (s *session) receive(to *stream) {
	for {
		payload, more := to.next()
		if !more {
			return
		}
		if payload == nil {
			to.connection.CloseWrite()
			return
		}
		if _, err := to.connection.Write(payload); err != nil {
			s.give(to)
			return
		}
		if s.write(credit, to.number, binary.BigEndian.AppendUint32(nil, uint32(len(payload)))) != nil {
			return
		}
	}
}

// give up a stream whose connection broke, and say so, where nobody has before.
func (s *session) give(broken *stream) {
	if broken.drop() {
		s.write(abort, broken.number, nil)
	}
}

package main

import (
	"bytes"
	"encoding/binary"
	"errors"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"
	"time"
)

const port = 8080

// TestMain has the test's own binary be the program where it is told to.
func TestMain(m *testing.M) {
	if os.Getenv("INTERCEPTOR") != "" {
		main()
		os.Exit(0)
	}
	os.Exit(m.Run())
}

type lab struct {
	t                *testing.T
	service, control net.Listener
}

func newLab(t *testing.T) *lab {
	t.Helper()
	made := &lab{t: t, service: listen(t), control: listen(t)}
	agent := newAgent("secret")
	go agent.accept(made.service, port)
	go agent.admitAll(made.control)
	return made
}

func listen(t *testing.T) net.Listener {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { listener.Close() })
	return listener
}

func (l *lab) dial(to net.Listener) *net.TCPConn {
	l.t.Helper()
	connection, err := net.Dial("tcp", to.Addr().String())
	if err != nil {
		l.t.Fatal(err)
	}
	connection.SetDeadline(time.Now().Add(10 * time.Second))
	l.t.Cleanup(func() { connection.Close() })
	return connection.(*net.TCPConn)
}

// A peer is the other side, as devenv is.
type peer struct {
	t          *testing.T
	connection net.Conn
}

func (l *lab) peer() *peer {
	l.t.Helper()
	made := &peer{l.t, l.dial(l.control)}
	made.connection.Write([]byte("secret"))
	made.expect(ready, 0)
	return made
}

func (p *peer) send(kind byte, number uint32, payload []byte) {
	p.t.Helper()
	frame := binary.BigEndian.AppendUint32([]byte{kind}, number)
	frame = binary.BigEndian.AppendUint32(frame, uint32(len(payload)))
	if _, err := p.connection.Write(append(frame, payload...)); err != nil {
		p.t.Fatal(err)
	}
}

func (p *peer) expect(kind byte, number uint32) []byte {
	p.t.Helper()
	head := make([]byte, header)
	if _, err := io.ReadFull(p.connection, head); err != nil {
		p.t.Fatal(err)
	}
	payload := make([]byte, binary.BigEndian.Uint32(head[5:]))
	if _, err := io.ReadFull(p.connection, payload); err != nil {
		p.t.Fatal(err)
	}
	if head[0] != kind || binary.BigEndian.Uint32(head[1:]) != number {
		p.t.Fatalf("frame %d of stream %d instead of %d of %d", head[0], binary.BigEndian.Uint32(head[1:]), kind, number)
	}
	return payload
}

func TestAQuestionThatIsEndedIsAnsweredStill(t *testing.T) {
	lab := newLab(t)
	peer := lab.peer()
	client := lab.dial(lab.service)
	if got := binary.BigEndian.Uint16(peer.expect(open, 1)); got != port {
		t.Errorf("port %d", got)
	}
	client.Write([]byte("question"))
	client.CloseWrite()
	if got := peer.expect(data, 1); string(got) != "question" {
		t.Errorf("%q", got)
	}
	peer.expect(finish, 1)
	peer.send(data, 1, []byte("answer"))
	if got := binary.BigEndian.Uint32(peer.expect(credit, 1)); got != 6 {
		t.Errorf("credit of %d", got)
	}
	peer.send(finish, 1, nil)
	if got, err := io.ReadAll(client); string(got) != "answer" || err != nil {
		t.Errorf("%q %v", got, err)
	}
}

func TestAConnectionWaitsForWhoTakesIt(t *testing.T) {
	lab := newLab(t)
	client := lab.dial(lab.service)
	client.Write([]byte("early"))
	peer := lab.peer()
	peer.expect(open, 1)
	if got := peer.expect(data, 1); string(got) != "early" {
		t.Errorf("%q", got)
	}
}

func TestWhoDoesNotKnowTheWordGetsNothing(t *testing.T) {
	lab := newLab(t)
	thief := lab.dial(lab.control)
	thief.Write([]byte("wrong!"))
	if _, err := thief.Read(make([]byte, 1)); err == nil {
		t.Error("it was let in")
	}
	lab.peer()
}

func TestWhoDoesNotReadHoldsUpNobodyElse(t *testing.T) {
	lab := newLab(t)
	peer := lab.peer()
	lab.dial(lab.service)
	peer.expect(open, 1)
	block := bytes.Repeat([]byte{1}, chunk)
	for sent := 0; sent < window; sent += chunk {
		peer.send(data, 1, block)
	}
	// The first client takes nothing in beyond what the kernel holds for it; the second is served.
	other := lab.dial(lab.service)
	for {
		head := make([]byte, header)
		if _, err := io.ReadFull(peer.connection, head); err != nil {
			t.Fatal(err)
		}
		io.CopyN(io.Discard, peer.connection, int64(binary.BigEndian.Uint32(head[5:])))
		if head[0] == open {
			break
		}
	}
	peer.send(data, 2, []byte("served"))
	peer.send(finish, 2, nil)
	if got, err := io.ReadAll(io.LimitReader(other, 6)); string(got) != "served" {
		t.Errorf("%q %v", got, err)
	}
}

func TestMoreThanTheWindowIsNotSent(t *testing.T) {
	lab := newLab(t)
	peer := lab.peer()
	client := lab.dial(lab.service)
	peer.expect(open, 1)
	go client.Write(make([]byte, 2*window))
	got := 0
	for got < window {
		got += len(peer.expect(data, 1))
	}
	peer.connection.SetReadDeadline(time.Now().Add(100 * time.Millisecond))
	if _, err := peer.connection.Read(make([]byte, 1)); got != window || !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Errorf("%d bytes, then %v", got, err)
	}
	peer.connection.SetReadDeadline(time.Now().Add(10 * time.Second))
	peer.send(credit, 1, binary.BigEndian.AppendUint32(nil, 10))
	if more := peer.expect(data, 1); len(more) != 10 {
		t.Errorf("%d bytes more", len(more))
	}
}

func TestAStreamThatIsGivenUpIsBroken(t *testing.T) {
	lab := newLab(t)
	peer := lab.peer()
	client := lab.dial(lab.service)
	peer.expect(open, 1)
	peer.send(abort, 1, nil)
	if _, err := client.Read(make([]byte, 1)); !errors.Is(err, syscall.ECONNRESET) {
		t.Errorf("%v", err)
	}
	// What crosses it on its way is dropped.
	peer.send(data, 1, []byte("late"))
	lab.dial(lab.service)
	peer.expect(open, 2)
}

func TestAClientThatBreaksOffIsTold(t *testing.T) {
	lab := newLab(t)
	peer := lab.peer()
	client := lab.dial(lab.service)
	peer.expect(open, 1)
	client.SetLinger(0)
	client.Close()
	peer.expect(abort, 1)
}

func TestWhoComesLaterTakesOver(t *testing.T) {
	lab := newLab(t)
	former := lab.peer()
	client := lab.dial(lab.service)
	former.expect(open, 1)
	later := lab.peer()
	if _, err := client.Read(make([]byte, 1)); err == nil {
		t.Error("it goes on")
	}
	lab.dial(lab.service)
	later.expect(open, 1)
}

func TestItCopiesItself(t *testing.T) {
	folder := t.TempDir()
	command := exec.Command(os.Args[0], "--copy", folder)
	command.Env = append(os.Environ(), "INTERCEPTOR=1")
	if err := command.Run(); err != nil {
		t.Fatal(err)
	}
	facts, err := os.Stat(filepath.Join(folder, "interceptor"))
	if err != nil || facts.Mode().Perm() != 0o755 {
		t.Errorf("%v %v", facts, err)
	}
}

// A service's place in its pod, while a process of a developer's machine answers for it.
//
//	interceptor --copy FOLDER            copies this program there, for a container whose image lacks it
//	interceptor CONTROL PORT [PORT ...]  leads what comes to the ports to whoever holds the control port
//
// The control port is one of the loopback, which a port-forward reaches. Who connects there first sends the word in
// DEVENV_INTERCEPTOR_TOKEN: without it any user of the developer's machine could take the traffic.
package main

import (
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"os/signal"
	"path/filepath"
	"strconv"
	"syscall"
	"time"
)

const (
	variable = "DEVENV_INTERCEPTOR_TOKEN"
	// The cluster hears of a pod's end while connections still come, and some are in the middle of an answer.
	farewell = time.Second
)

func main() {
	if len(os.Args) == 3 && os.Args[1] == "--copy" {
		if err := copyTo(os.Args[2]); err != nil {
			fail(err)
		}
		return
	}
	if len(os.Args) < 3 || os.Getenv(variable) == "" {
		fail(errors.New("a control port, ports, and a token are expected"))
	}
	agent := newAgent(os.Getenv(variable))
	for _, text := range os.Args[2:] {
		port, err := strconv.ParseUint(text, 10, 16)
		if err != nil {
			fail(err)
		}
		listener, err := net.Listen("tcp", ":"+text)
		if err != nil {
			fail(err)
		}
		go agent.accept(listener, uint16(port))
	}
	// The last: who reaches it finds everything else there.
	control, err := net.Listen("tcp", net.JoinHostPort("127.0.0.1", os.Args[1]))
	if err != nil {
		fail(err)
	}
	go agent.admitAll(control)
	ending := make(chan os.Signal, 1)
	signal.Notify(ending, syscall.SIGTERM, syscall.SIGINT)
	<-ending
	time.Sleep(farewell)
}

func copyTo(folder string) error {
	own, err := os.Executable()
	if err != nil {
		return err
	}
	content, err := os.ReadFile(own)
	if err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(folder, "interceptor"), content, fs.FileMode(0o755))
}

func fail(err error) {
	fmt.Fprintf(os.Stderr, "interceptor: %v\n", err)
	os.Exit(1)
}

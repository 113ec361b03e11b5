package main

import (
	"fmt"
	"os"
	"os/signal"
	"syscall"
	"time"
)

const (
	// So long it may take to end when it is to be started anew; then it is killed.
	patience = 2 * time.Second
	// One that ends badly so soon after it was started anew was saved with a mistake: the next save mends that, and a
	// container that ended would come back with the older files.
	soon = 10 * time.Second
	// As shells tell of a program that a signal has ended.
	signalled = 128
)

// supervise runs a program until it ends by itself, and returns its exit status. SIGHUP starts it anew; other signals
// are passed on to it. As the first process of a container it also reaps what others leave behind.
func supervise(program string, argv []string) (int, error) {
	signals := make(chan os.Signal, 64)
	signal.Notify(signals)
	child, err := start(program, argv)
	if err != nil {
		return 0, err
	}
	anew, ending := false, false
	var began time.Time
	var kill <-chan time.Time
	for {
		select {
		case <-kill:
			kill = nil
			syscall.Kill(-child, syscall.SIGKILL)
		case received := <-signals:
			switch received {
			case syscall.SIGHUP:
				if child == 0 {
					if child, err = start(program, argv); err != nil {
						return 0, err
					}
					began = time.Now()
				} else if !anew {
					anew = true
					syscall.Kill(-child, syscall.SIGTERM)
					kill = time.After(patience)
				}
			case syscall.SIGCHLD:
				status, ended := reap(child)
				if !ended {
					continue
				}
				// What it has started goes with it.
				syscall.Kill(-child, syscall.SIGKILL)
				if anew && !ending {
					anew, kill, began = false, nil, time.Now()
					if child, err = start(program, argv); err != nil {
						return 0, err
					}
				} else if status != 0 && !ending && time.Since(began) < soon {
					child = 0
					fmt.Fprintf(os.Stderr, "supervise: it ended with status %d; the next save starts it anew\n", status)
				} else {
					return status, nil
				}
			case syscall.SIGURG, syscall.SIGPIPE:
				// Go's own, and one that nobody has sent.
			default:
				number := received.(syscall.Signal)
				ends := number == syscall.SIGTERM || number == syscall.SIGINT || number == syscall.SIGQUIT
				if child == 0 && ends {
					return signalled + int(number), nil
				}
				ending = ending || ends
				if child != 0 {
					syscall.Kill(child, number)
				}
			}
		}
	}
}

// start gives the program a group of its own, so that what it starts can be ended with it.
func start(program string, argv []string) (int, error) {
	return syscall.ForkExec(program, argv, &syscall.ProcAttr{
		Env:   os.Environ(),
		Files: []uintptr{0, 1, 2},
		Sys:   &syscall.SysProcAttr{Setpgid: true},
	})
}

// reap collects everything that has ended; the exit status of the child, where that is among it.
func reap(child int) (int, bool) {
	status, ended := 0, false
	for {
		var state syscall.WaitStatus
		pid, err := syscall.Wait4(-1, &state, syscall.WNOHANG, nil)
		if err == syscall.EINTR {
			continue
		}
		if err != nil || pid <= 0 {
			return status, ended
		}
		if pid == child && (state.Exited() || state.Signaled()) {
			ended = true
			if status = state.ExitStatus(); state.Signaled() {
				status = signalled + int(state.Signal())
			}
		}
	}
}

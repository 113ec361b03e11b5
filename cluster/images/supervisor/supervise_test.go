package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

// TestMain has the test's own binary be the supervisor where it is told to.
func TestMain(m *testing.M) {
	if os.Getenv("SUPERVISE") != "" {
		main()
		os.Exit(0)
	}
	os.Exit(m.Run())
}

type supervised struct {
	t       *testing.T
	command *exec.Cmd
	log     string
}

// runs starts a shell script under the supervisor; what it appends to $LOG is what is looked at.
func runs(t *testing.T, script string) *supervised {
	t.Helper()
	made := &supervised{t: t, log: filepath.Join(t.TempDir(), "log")}
	made.command = exec.Command(os.Args[0], "sh", "-c", script)
	made.command.Env = append(os.Environ(), "SUPERVISE=1", "LOG="+made.log)
	if err := made.command.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { made.command.Process.Kill() })
	return made
}

func (s *supervised) lines() []string {
	text, _ := os.ReadFile(s.log)
	return strings.Fields(string(text))
}

func (s *supervised) await(count int) []string {
	s.t.Helper()
	for end := time.Now().Add(10 * time.Second); time.Now().Before(end); time.Sleep(5 * time.Millisecond) {
		if found := s.lines(); len(found) >= count {
			return found
		}
	}
	s.t.Fatalf("%v instead of %d lines", s.lines(), count)
	return nil
}

func (s *supervised) send(signal syscall.Signal) {
	s.t.Helper()
	if err := s.command.Process.Signal(signal); err != nil {
		s.t.Fatal(err)
	}
}

func (s *supervised) status() int {
	s.command.Wait()
	return s.command.ProcessState.ExitCode()
}

func TestItsStatusIsTheContainers(t *testing.T) {
	for script, wanted := range map[string]int{"exit 0": 0, "exit 7": 7, "kill -9 $$": 128 + 9} {
		if got := runs(t, script).status(); got != wanted {
			t.Errorf("%s: %d instead of %d", script, got, wanted)
		}
	}
}

func TestAProgramThatIsNotThere(t *testing.T) {
	command := exec.Command(os.Args[0], "no-such-program")
	command.Env = append(os.Environ(), "SUPERVISE=1")
	if command.Run(); command.ProcessState.ExitCode() != notFound {
		t.Errorf("status %d", command.ProcessState.ExitCode())
	}
}

func TestHangupStartsItAnewWithAllThatItStarted(t *testing.T) {
	s := runs(t, "echo $$ >> $LOG; sleep 600 & echo $! >> $LOG; wait; sleep 600")
	first := s.await(2)
	s.send(syscall.SIGHUP)
	second := s.await(4)
	if first[0] == second[2] {
		t.Errorf("the same process: %v", second)
	}
	for _, pid := range first {
		if _, err := os.Stat("/proc/" + pid + "/exe"); err == nil {
			t.Errorf("process %s is still there", pid)
		}
	}
	s.send(syscall.SIGTERM)
	if got := s.status(); got != 128+15 {
		t.Errorf("status %d", got)
	}
}

func TestOneThatDoesNotEndIsKilled(t *testing.T) {
	s := runs(t, "trap '' TERM; echo $$ >> $LOG; while :; do sleep 600; done")
	s.await(1)
	s.send(syscall.SIGHUP)
	s.await(2)
	s.send(syscall.SIGKILL)
	s.status()
}

func TestOtherSignalsArePassedOn(t *testing.T) {
	s := runs(t, "trap 'echo usr >> $LOG' USR1; trap 'exit 3' TERM; echo began >> $LOG; while :; do sleep 0.01; done")
	s.await(1)
	s.send(syscall.SIGUSR1)
	s.await(2)
	s.send(syscall.SIGTERM)
	if got := s.status(); got != 3 {
		t.Errorf("status %d", got)
	}
}

func TestOneThatWasSavedWithAMistakeWaitsForTheNextSave(t *testing.T) {
	s := runs(t, "echo began >> $LOG; [ $(grep -c began $LOG) != 2 ] || exit 5; sleep 600")
	s.await(1)
	s.send(syscall.SIGHUP)
	s.await(2)
	s.awaitNoChild()
	s.send(syscall.SIGHUP)
	s.await(3)
	s.send(syscall.SIGTERM)
	if got := s.status(); got != 128+15 {
		t.Errorf("status %d", got)
	}
}

// awaitNoChild waits until the program has ended and was collected.
func (s *supervised) awaitNoChild() {
	s.t.Helper()
	pid := strconv.Itoa(s.command.Process.Pid)
	for end := time.Now().Add(10 * time.Second); time.Now().Before(end); time.Sleep(5 * time.Millisecond) {
		found, _ := filepath.Glob("/proc/" + pid + "/task/*/children")
		children := ""
		for _, file := range found {
			text, _ := os.ReadFile(file)
			children += strings.TrimSpace(string(text))
		}
		if children == "" {
			return
		}
	}
	s.t.Fatal("its program has not ended")
}

func TestItCopiesItself(t *testing.T) {
	folder := t.TempDir()
	command := exec.Command(os.Args[0], "--copy", folder)
	command.Env = append(os.Environ(), "SUPERVISE=1")
	if err := command.Run(); err != nil {
		t.Fatal(err)
	}
	facts, err := os.Stat(filepath.Join(folder, "supervise"))
	if err != nil || facts.Mode().Perm() != 0o755 {
		t.Errorf("%v %v", facts, err)
	}
}
